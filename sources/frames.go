package sources

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"unicode"
	"unicode/utf8"
)

// maxFrameBytes bounds one frame. Prometheus makes frames of 1 MiB unless told otherwise, and exceeds
// that by at most one chunk.
const maxFrameBytes = 64 << 20

// frameReader splits a streamed remote read answer into its frames: length as uvarint, CRC-32
// (Castagnoli, big-endian) and the message. Nothing marks the end of the stream, so a stream is whole
// only when it ends exactly after a frame; an error that the server met on the way is appended as
// plain text and must not pass for an end.
type frameReader struct {
	in     *bufio.Reader
	table  *crc32.Table
	buffer []byte
	frames int
}

func newFrameReader(in io.Reader, buffer []byte) *frameReader {
	return &frameReader{in: bufio.NewReaderSize(in, 64<<10), table: crc32.MakeTable(crc32.Castagnoli), buffer: buffer}
}

// next returns the next message, valid until the call after it, or io.EOF at the end.
func (r *frameReader) next() ([]byte, error) {
	head, err := r.in.Peek(binary.MaxVarintLen64)
	if len(head) == 0 {
		return nil, r.endOfStream(err)
	}
	size, n := binary.Uvarint(head)
	if n <= 0 || size == 0 || size > maxFrameBytes {
		return nil, r.garbage(nil, badData("frame %d: a length that cannot be", r.frames))
	}
	need := n + 4 + int(size)
	if cap(r.buffer) < need {
		r.buffer = make([]byte, need, need+need/4)
	}
	whole := r.buffer[:need]
	if read, err := io.ReadFull(r.in, whole); err != nil {
		return nil, r.garbage(whole[:read], r.endOfStream(err))
	}
	message := whole[n+4:]
	if crc32.Checksum(message, r.table) != binary.BigEndian.Uint32(whole[n:]) {
		return nil, r.garbage(whole, badData("frame %d: its checksum does not match", r.frames))
	}
	r.frames++
	return message, nil
}

func (r *frameReader) endOfStream(err error) error {
	if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return io.EOF
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return &problem{ReasonTruncated, fmt.Sprintf("the answer stopped in the middle of frame %d", r.frames)}
	}
	return err
}

// garbage explains what follows the last whole frame: what the server says, if it is text.
func (r *frameReader) garbage(read []byte, otherwise error) error {
	if errors.Is(otherwise, io.EOF) {
		otherwise = &problem{ReasonTruncated, fmt.Sprintf("the answer stopped in the middle of frame %d", r.frames)}
	}
	more, _ := r.in.Peek(min(512, r.in.Buffered()))
	text := append(append([]byte(nil), read[:min(len(read), 512)]...), more...)
	if !isText(text) {
		return otherwise
	}
	return &problem{ReasonTruncated, fmt.Sprintf("the server gave up after frame %d: %s", r.frames, cleanText(string(text)))}
}

// isText tells whether bytes can only be meant for people.
func isText(b []byte) bool {
	if len(b) < 4 {
		return false
	}
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 && len(b) >= utf8.UTFMax {
			return false
		}
		if !unicode.IsPrint(r) && !unicode.IsSpace(r) {
			return false
		}
		b = b[size:]
	}
	return true
}
