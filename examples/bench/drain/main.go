// Command drain reads a stretch of history as anyone would who follows the documentation of remote read:
// one streamed request for the counters and `up`, prompb to take the frames apart and chunkenc to go
// through their samples. It does nothing with them but to add them up. It is the yardstick of the
// benchmark.
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"os"
	"strconv"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: drain URL START_MILLIS END_MILLIS")
		os.Exit(2)
	}
	samples, err := drain(os.Args[1], os.Args[2], os.Args[3])
	if err != nil {
		fmt.Fprintln(os.Stderr, "drain:", err)
		os.Exit(1)
	}
	fmt.Println(samples)
}

func drain(url, start, end string) (samples int, err error) {
	question, err := request(start, end)
	if err != nil {
		return 0, err
	}
	post, err := http.NewRequest(http.MethodPost, url+"/api/v1/read", bytes.NewReader(question))
	if err != nil {
		return 0, err
	}
	post.Header.Set("Content-Encoding", "snappy")
	post.Header.Set("Content-Type", "application/x-protobuf")
	post.Header.Set("X-Prometheus-Remote-Read-Version", "0.1.0")
	response, err := http.DefaultClient.Do(post)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return 0, errors.New(response.Status)
	}
	return read(bufio.NewReaderSize(response.Body, 64<<10))
}

func request(start, end string) ([]byte, error) {
	from, err := strconv.ParseInt(start, 10, 64)
	if err != nil {
		return nil, err
	}
	to, err := strconv.ParseInt(end, 10, 64)
	if err != nil {
		return nil, err
	}
	message := &prompb.ReadRequest{
		AcceptedResponseTypes: []prompb.ReadRequest_ResponseType{prompb.ReadRequest_STREAMED_XOR_CHUNKS},
		Queries: []*prompb.Query{
			{StartTimestampMs: from + 1, EndTimestampMs: to, Matchers: []*prompb.LabelMatcher{
				{Name: "__name__", Value: "up"}, {Name: "job", Value: "proxy"},
			}},
			{StartTimestampMs: from + 1, EndTimestampMs: to, Matchers: []*prompb.LabelMatcher{
				{Name: "__name__", Value: "envoy_cluster_upstream_rq_xx"}, {Name: "envoy_response_code_class", Value: "5"},
			}},
		},
	}
	raw, err := message.Marshal()
	return snappy.Encode(nil, raw), err
}

// read goes through the frames as storage/remote does: length, checksum, message, with the buffers reused.
func read(in *bufio.Reader) (samples int, err error) {
	var (
		buffer   []byte
		answer   prompb.ChunkedReadResponse
		iterator chunkenc.Iterator
		sum      float64
		table    = crc32.MakeTable(crc32.Castagnoli)
	)
	for {
		size, err := binary.ReadUvarint(in)
		if errors.Is(err, io.EOF) {
			return samples, nil
		}
		if err != nil {
			return samples, err
		}
		if need := int(size) + 4; cap(buffer) < need {
			buffer = make([]byte, need)
		}
		buffer = buffer[:size+4]
		if _, err := io.ReadFull(in, buffer); err != nil {
			return samples, err
		}
		if crc32.Checksum(buffer[4:], table) != binary.BigEndian.Uint32(buffer) {
			return samples, errors.New("wrong checksum")
		}
		answer.Reset()
		if err := answer.Unmarshal(buffer[4:]); err != nil {
			return samples, err
		}
		for _, series := range answer.ChunkedSeries {
			for _, c := range series.Chunks {
				chunk, err := chunkenc.FromData(chunkenc.EncXOR, c.Data)
				if err != nil {
					return samples, err
				}
				iterator = chunk.Iterator(iterator)
				for iterator.Next() == chunkenc.ValFloat {
					_, v := iterator.At()
					sum += v
					samples++
				}
				if err := iterator.Err(); err != nil {
					return samples, err
				}
			}
		}
	}
}
