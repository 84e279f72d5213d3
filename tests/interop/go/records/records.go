// Package records reads files of messages, in the form that tests/brokers/messages.py tells.
package records

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"time"
)

// Header is a name with its value; a nil value is null.
type Header struct {
	Key   string
	Value []byte
}

// Message is what is sent; a nil key or value is null.
type Message struct {
	Timestamp  time.Time
	Key, Value []byte
	Headers    []Header
}

// Read returns all messages of a file.
func Read(path string) ([]Message, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	in := &reader{src: bufio.NewReader(file)}
	var messages []Message
	for {
		var timestamp int64
		err := binary.Read(in.src, binary.BigEndian, &timestamp)
		if errors.Is(err, io.EOF) {
			return messages, nil
		}
		if err != nil {
			return nil, err
		}
		message := Message{Timestamp: time.UnixMilli(timestamp)}
		message.Key, message.Value = in.bytes(), in.bytes()
		for left := in.int32(); left > 0; left-- {
			name := in.bytes()
			message.Headers = append(message.Headers, Header{string(name), in.bytes()})
		}
		if in.err != nil {
			return nil, in.err
		}
		messages = append(messages, message)
	}
}

// reader keeps its first error.
type reader struct {
	src *bufio.Reader
	err error
}

func (in *reader) int32() int32 {
	var value int32
	if in.err == nil {
		in.err = binary.Read(in.src, binary.BigEndian, &value)
	}
	return value
}

func (in *reader) bytes() []byte {
	size := in.int32()
	if in.err != nil || size < 0 {
		return nil
	}
	value := make([]byte, size)
	_, in.err = io.ReadFull(in.src, value)
	return value
}
