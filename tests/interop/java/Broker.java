import java.io.IOException;

/**
 * Runs a Kafka server in this JVM until standard input ends, and then ends it cleanly.
 *
 * <p>Whoever started it may die as it likes: its end of the pipe dies with it.
 */
public final class Broker {
    private Broker() {}

    public static void main(String[] arguments) {
        Thread watch = new Thread(Broker::waitForEnd, "standard-input");
        watch.setDaemon(true);
        watch.start();
        kafka.Kafka.main(arguments);
    }

    private static void waitForEnd() {
        try {
            while (System.in.read() >= 0) {
                // What is written here means nothing.
            }
        } catch (IOException broken) {
            System.err.println("standard input: " + broken);
        }
        // Kafka's shutdown hook closes the logs.
        System.exit(0);
    }
}
