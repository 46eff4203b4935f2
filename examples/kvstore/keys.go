package main

import (
	"bytes"
	"encoding/binary"
	"iter"
	"time"

	bolt "go.etcd.io/bbolt"
)

// A key is a list of parts. Each part ends with the bytes 0 1, and a zero byte
// within a part is written as 0 255: keys compare as their parts do, one after
// the other, and the key of the first parts is a prefix of the whole key.

// keyOf returns the key of the parts.
func keyOf(parts ...string) []byte {
	var key []byte
	for _, p := range parts {
		for i := range len(p) {
			key = append(key, p[i])
			if p[i] == 0 {
				key = append(key, 255)
			}
		}
		key = append(key, 0, 1)
	}
	return key
}

// partsOf returns the parts of a key; false if it is not one.
func partsOf(key []byte) ([]string, bool) {
	var parts []string
	var part []byte
	for i := 0; i < len(key); i++ {
		if key[i] != 0 {
			part = append(part, key[i])
			continue
		}
		i++
		switch {
		case i == len(key):
			return nil, false
		case key[i] == 255:
			part = append(part, 0)
		case key[i] == 1:
			parts, part = append(parts, string(part)), nil
		default:
			return nil, false
		}
	}
	return parts, len(part) == 0
}

// number is a number as a part of a key.
func number(n uint64) string { return string(binary.BigEndian.AppendUint64(nil, n)) }

// instant is a time as a part of a key, in microseconds, the earliest first.
func instant(t time.Time) string { return number(uint64(t.UnixMicro()) ^ 1<<63) }

// longest is the length of the longest key, less what the other parts of an
// index may need.
const longest = bolt.MaxKeySize - 8<<10

// ascending yields the keys and values of a bucket whose keys begin with prefix,
// those after a key if it is given. Keys and values are valid until the end of
// the transaction and must not be modified.
func ascending(b *bolt.Bucket, prefix, after []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(k, v []byte) bool) {
		c := b.Cursor()
		k, v := c.Seek(prefix)
		if after != nil {
			if k, v = c.Seek(after); bytes.Equal(k, after) {
				k, v = c.Next()
			}
		}
		for ; bytes.HasPrefix(k, prefix) && k != nil; k, v = c.Next() {
			if !yield(k, v) {
				return
			}
		}
	}
}

// descending is ascending from the end, with those before a key if it is given.
func descending(b *bolt.Bucket, prefix, before []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(k, v []byte) bool) {
		end := before
		if end == nil {
			end = append(bytes.Clone(prefix), 255) // beyond every key: no part begins with 255
		}
		c := b.Cursor()
		k, v := c.Seek(end)
		if k == nil {
			k, v = c.Last()
		}
		for k != nil && bytes.Compare(k, end) >= 0 {
			k, v = c.Prev()
		}
		for ; bytes.HasPrefix(k, prefix) && k != nil; k, v = c.Prev() {
			if !yield(k, v) {
				return
			}
		}
	}
}
