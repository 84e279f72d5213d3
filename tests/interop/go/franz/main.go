// Sends a file's messages to the first partition of a topic, with franz-go.
//
//	franz SERVER FILE TOPIC CODEC LEVEL MAX_BATCH_BYTES
//
// An empty LEVEL is franz-go's default.
package main

import (
	"context"
	"log"
	"os"
	"strconv"
	"time"

	"complab/interop/records"

	"github.com/twmb/franz-go/pkg/kgo"
)

var codecs = map[string]kgo.CompressionCodec{
	"none":   kgo.NoCompression(),
	"gzip":   kgo.GzipCompression(),
	"snappy": kgo.SnappyCompression(),
	"lz4":    kgo.Lz4Compression(),
	"zstd":   kgo.ZstdCompression(),
}

func main() {
	log.SetFlags(0)
	server, path, topic, level := os.Args[1], os.Args[2], os.Args[3], os.Args[5]
	codec, known := codecs[os.Args[4]]
	if !known {
		log.Fatalf("no codec is called %s", os.Args[4])
	}
	if level != "" {
		number, err := strconv.Atoi(level)
		if err != nil {
			log.Fatal(err)
		}
		codec = codec.WithLevel(number)
	}
	maxBatchBytes, err := strconv.Atoi(os.Args[6])
	if err != nil {
		log.Fatal(err)
	}
	messages, err := records.Read(path)
	if err != nil {
		log.Fatal(err)
	}
	client, err := kgo.NewClient(
		kgo.SeedBrokers(server),
		kgo.ProducerBatchCompression(codec),
		kgo.ProducerBatchMaxBytes(int32(maxBatchBytes)),
		kgo.ProducerLinger(time.Second),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
	)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	ctx := context.Background()
	for _, message := range messages {
		client.Produce(ctx, convert(topic, message), func(_ *kgo.Record, err error) {
			if err != nil {
				log.Fatal(err)
			}
		})
	}
	if err := client.Flush(ctx); err != nil {
		log.Fatal(err)
	}
}

func convert(topic string, message records.Message) *kgo.Record {
	out := &kgo.Record{
		Topic: topic, Timestamp: message.Timestamp, Key: message.Key, Value: message.Value,
	}
	for _, header := range message.Headers {
		out.Headers = append(out.Headers, kgo.RecordHeader{Key: header.Key, Value: header.Value})
	}
	return out
}
