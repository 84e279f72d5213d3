import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Factory;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.utils.ByteBufferOutputStream;
import org.xerial.snappy.Snappy;

/**
 * What Kafka's compressing streams cost beside the native blocks in them.
 *
 * <p>Streams FILE BYTES... cuts a file into batches of so many bytes and compresses them with
 * each of Kafka's streams, a new one for each batch as the producer has it, and with LZ4's and
 * Snappy's native functions alone. Each line is: batch size, name, nanoseconds of this thread's
 * CPU time a batch (the median of many passes), bytes that this thread allocated for a batch.
 */
public final class Streams {
    private static final int PASSES = 31;
    private static final int WARM_UP_MS = 1500;
    private static final int PASS_MS = 50;
    private static final int LZ4_BLOCK_BYTES = 64 * 1024;
    private static final int SNAPPY_BLOCK_BYTES = 32 * 1024;
    private static final ThreadMXBean THREADS =
            (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private Streams() {}

    private interface Job {
        void run(byte[] batch) throws IOException;
    }

    public static void main(String[] arguments) throws IOException {
        byte[] data = Files.readAllBytes(Path.of(arguments[0]));
        for (int i = 1; i < arguments.length; i++) {
            int batchBytes = Integer.parseInt(arguments[i]);
            List<byte[]> batches = new ArrayList<>();
            for (int at = 0; at + batchBytes <= data.length; at += batchBytes) {
                batches.add(Arrays.copyOfRange(data, at, at + batchBytes));
            }
            for (Map.Entry<String, Job> job : jobs(batchBytes).entrySet()) {
                time(batchBytes, job.getKey(), job.getValue(), batches);
            }
        }
    }

    private static Map<String, Job> jobs(int batchBytes) {
        Map<String, Job> jobs = new LinkedHashMap<>();
        ByteBufferOutputStream out = new ByteBufferOutputStream(2 * batchBytes);
        for (CompressionType type : CompressionType.values()) {
            if (type == CompressionType.NONE) {
                continue;
            }
            Compression compression = Compression.of(type).build();
            jobs.put(
                    type.name,
                    batch -> {
                        out.buffer().clear();
                        try (OutputStream stream =
                                compression.wrapForOutput(out, RecordBatch.MAGIC_VALUE_V2)) {
                            stream.write(batch);
                        }
                    });
        }
        LZ4Compressor lz4 = LZ4Factory.nativeInstance().fastCompressor();
        byte[] packed = new byte[lz4.maxCompressedLength(LZ4_BLOCK_BYTES)];
        jobs.put(
                "lz4's blocks alone",
                batch -> {
                    for (int at = 0; at < batch.length; at += LZ4_BLOCK_BYTES) {
                        int bytes = Math.min(LZ4_BLOCK_BYTES, batch.length - at);
                        lz4.compress(batch, at, bytes, packed, 0, packed.length);
                    }
                });
        jobs.put(
                "snappy's blocks alone",
                batch -> {
                    for (int at = 0; at < batch.length; at += SNAPPY_BLOCK_BYTES) {
                        int bytes = Math.min(SNAPPY_BLOCK_BYTES, batch.length - at);
                        Snappy.compress(batch, at, bytes, packed, 0);
                    }
                });
        return jobs;
    }

    private static void time(int batchBytes, String name, Job job, List<byte[]> batches)
            throws IOException {
        long rounds = 0;
        long begin = System.nanoTime();
        while (System.nanoTime() - begin < WARM_UP_MS * 1_000_000L) {
            pass(job, batches, 1);
            rounds++;
        }
        rounds = Math.max(1, rounds * PASS_MS / WARM_UP_MS);
        long batchCount = rounds * batches.size();
        long allocated = THREADS.getCurrentThreadAllocatedBytes();
        long[] times = new long[PASSES];
        for (int i = 0; i < PASSES; i++) {
            long before = THREADS.getCurrentThreadCpuTime();
            pass(job, batches, rounds);
            times[i] = (THREADS.getCurrentThreadCpuTime() - before) / batchCount;
        }
        allocated = THREADS.getCurrentThreadAllocatedBytes() - allocated;
        Arrays.sort(times);
        System.out.printf(
                "%d\t%s\t%d\t%d%n",
                batchBytes, name, times[PASSES / 2], allocated / (PASSES * batchCount));
    }

    private static void pass(Job job, List<byte[]> batches, long rounds) throws IOException {
        for (long round = 0; round < rounds; round++) {
            for (byte[] batch : batches) {
                job.run(batch);
            }
        }
    }
}
