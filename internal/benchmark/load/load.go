// Package load sends requests over HTTP/1.1 connections that are kept, at little cost:
// it parses of a response what it needs to find its end.
package load

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
)

// Conn is a connection to a server. It is for one goroutine.
type Conn struct {
	conn    net.Conn
	r       *bufio.Reader
	host    string
	request []byte
	body    []byte
}

// Dial connects to a server.
func Dial(addr string) (*Conn, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &Conn{conn: c, r: bufio.NewReaderSize(c, 64<<10), host: addr}, nil
}

// Close closes the connection.
func (c *Conn) Close() error { return c.conn.Close() }

// Do sends a request with the bearer token t and returns the response. The body is
// valid until the next call.
func (c *Conn) Do(method, target, body string) (status int, response []byte, err error) {
	b := append(c.request[:0], method...)
	b = append(append(b, ' '), target...)
	b = append(append(b, " HTTP/1.1\r\nHost: "...), c.host...)
	b = append(b, "\r\nAuthorization: Bearer t\r\nAccept: application/scim+json\r\nUser-Agent: benchmark\r\n"...)
	if body != "" {
		b = append(b, "Content-Type: application/scim+json\r\nContent-Length: "...)
		b = append(strconv.AppendInt(b, int64(len(body)), 10), "\r\n"...)
	}
	b = append(append(b, "\r\n"...), body...)
	c.request = b
	if _, err := c.conn.Write(b); err != nil {
		return 0, nil, err
	}
	if err := c.read(&status); err != nil {
		return 0, nil, fmt.Errorf("%s %s: the response: %w", method, target, err)
	}
	return status, c.body, nil
}

var (
	contentLength = []byte("content-length:")
	chunked       = []byte("transfer-encoding: chunked")
)

func (c *Conn) read(status *int) error {
	line, err := c.line()
	if err != nil {
		return err
	}
	if len(line) < 12 {
		return fmt.Errorf("the status line is %q", line)
	}
	if *status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return err
	}
	length, inChunks := 0, false
	for {
		if line, err = c.line(); err != nil {
			return err
		}
		if len(line) == 0 {
			break
		}
		switch {
		case hasPrefix(line, contentLength):
			if length, err = strconv.Atoi(string(bytes.TrimSpace(line[len(contentLength):]))); err != nil {
				return err
			}
		case hasPrefix(line, chunked):
			inChunks = true
		}
	}
	c.body = c.body[:0]
	if inChunks {
		return c.chunks()
	}
	return c.add(length)
}

func hasPrefix(line, lower []byte) bool {
	return len(line) >= len(lower) && bytes.EqualFold(line[:len(lower)], lower)
}

// line returns a line without its end.
func (c *Conn) line() ([]byte, error) {
	line, err := c.r.ReadSlice('\n')
	return bytes.TrimRight(line, "\r\n"), err
}

// add appends n bytes to the body.
func (c *Conn) add(n int) error {
	size := len(c.body)
	if cap(c.body) < size+n {
		c.body = append(make([]byte, 0, 2*(size+n)), c.body...)
	}
	c.body = c.body[:size+n]
	_, err := io.ReadFull(c.r, c.body[size:])
	return err
}

func (c *Conn) chunks() error {
	for {
		line, err := c.line()
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(string(line), 16, 32)
		if err != nil {
			return err
		}
		if err := c.add(int(n)); err != nil {
			return err
		}
		if _, err := c.line(); err != nil { // the end of a chunk, or of all
			return err
		}
		if n == 0 {
			return nil
		}
	}
}
