// Sends a file's messages to the first partition of a topic, with sarama.
//
//	sarama SERVER FILE TOPIC CODEC LEVEL BATCH_BYTES
//
// An empty LEVEL is sarama's default. A batch is sent when it is about to have
// BATCH_BYTES, which is sarama's MaxMessageBytes as well.
package main

import (
	"log"
	"os"
	"strconv"
	"time"

	"complab/interop/records"

	"github.com/IBM/sarama"
)

func main() {
	log.SetFlags(0)
	server, path, topic, codec, level := os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5]
	batchBytes, err := strconv.Atoi(os.Args[6])
	if err != nil {
		log.Fatal(err)
	}
	config := sarama.NewConfig()
	config.Version = sarama.V2_8_0_0
	config.Net.MaxOpenRequests = 1
	config.Producer.Partitioner = sarama.NewManualPartitioner
	config.Producer.Return.Successes = true
	config.Producer.Flush.Bytes = batchBytes
	config.Producer.MaxMessageBytes = batchBytes
	config.Producer.Flush.Frequency = time.Second
	if err := config.Producer.Compression.UnmarshalText([]byte(codec)); err != nil {
		log.Fatal(err)
	}
	if level != "" {
		if config.Producer.CompressionLevel, err = strconv.Atoi(level); err != nil {
			log.Fatal(err)
		}
	}
	messages, err := records.Read(path)
	if err != nil {
		log.Fatal(err)
	}
	producer, err := sarama.NewAsyncProducer([]string{server}, config)
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		for _, message := range messages {
			producer.Input() <- convert(topic, message)
		}
	}()
	for range messages {
		select {
		case <-producer.Successes():
		case failed := <-producer.Errors():
			log.Fatal(failed)
		}
	}
	if err := producer.Close(); err != nil {
		log.Fatal(err)
	}
}

func convert(topic string, message records.Message) *sarama.ProducerMessage {
	out := &sarama.ProducerMessage{Topic: topic, Timestamp: message.Timestamp}
	// A nil ByteEncoder would be an empty key, and a nil Encoder is none.
	if message.Key != nil {
		out.Key = sarama.ByteEncoder(message.Key)
	}
	if message.Value != nil {
		out.Value = sarama.ByteEncoder(message.Value)
	}
	for _, header := range message.Headers {
		out.Headers = append(out.Headers, sarama.RecordHeader{
			Key: []byte(header.Key), Value: header.Value,
		})
	}
	return out
}
