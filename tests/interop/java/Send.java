import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Sends a file's messages to the first partition of one topic after the other.
 *
 * <p>Send SERVERS FILE ROUNDS TOPIC[;KEY=VALUE]... sends all messages ROUNDS times to each
 * topic, with a producer that has these settings and its defaults for the rest. For each
 * topic it prints the topic, and the user time in seconds of this process and of the thread
 * that sends, which is the one that encodes and compresses.
 */
public final class Send {
    // Linux counts a process's time in hundredths of a second whatever its kernel does.
    private static final double TICKS_PER_SECOND = 100.0;
    // Of /proc/self/stat, counted behind the command's name: see proc(5).
    private static final int USER_TICKS = 11;

    private Send() {}

    public static void main(String[] arguments) throws Exception {
        List<Messages.Message> messages = Messages.read(Path.of(arguments[1]));
        int rounds = Integer.parseInt(arguments[2]);
        for (int i = 3; i < arguments.length; i++) {
            String[] words = arguments[i].split(";");
            double processBefore = userSeconds();
            double threadBefore = threadSeconds();
            send(arguments[0], words, messages, rounds);
            double process = userSeconds() - processBefore;
            double thread = threadSeconds() - threadBefore;
            System.out.printf("%s\t%.2f\t%.2f%n", words[0], process, thread);
        }
    }

    private static void send(
            String servers, String[] words, List<Messages.Message> messages, int rounds)
            throws Exception {
        Properties properties = new Properties();
        properties.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, servers);
        properties.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
        properties.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
        for (int i = 1; i < words.length; i++) {
            String[] pair = words[i].split("=", 2);
            properties.put(pair[0], pair[1]);
        }
        String topic = words[0];
        AtomicReference<Exception> failure = new AtomicReference<>();
        Callback note = (metadata, exception) -> failure.compareAndSet(null, exception);
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(properties)) {
            // Known before the first record, so that none waits for it.
            producer.partitionsFor(topic);
            for (int round = 0; round < rounds; round++) {
                for (Messages.Message message : messages) {
                    producer.send(
                            new ProducerRecord<>(
                                    topic,
                                    0,
                                    message.timestamp(),
                                    message.key(),
                                    message.value(),
                                    message.headers()),
                            note);
                }
            }
        }
        if (failure.get() != null) {
            throw failure.get();
        }
    }

    private static double threadSeconds() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadUserTime() / 1e9;
    }

    private static double userSeconds() throws IOException {
        String stat = Files.readString(Path.of("/proc/self/stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return Long.parseLong(fields[USER_TICKS]) / TICKS_PER_SECOND;
    }
}
