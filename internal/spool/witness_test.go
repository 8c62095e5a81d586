package spool

import (
	"bytes"
	"testing"
)

// Whatever stands in a witness file, it is a head or it is torn; memory stays bounded (ACC-003).
func FuzzWitness(f *testing.F) {
	h := head{Counter: 7, Epochs: []headEpoch{{Ordinal: 1, ID: make([]byte, 16)}}}
	r, err := h.row()
	if err != nil {
		f.Fatal(err)
	}
	sealed := append([]byte{byte(len(r.blob)), byte(len(r.blob) >> 8), 0, 0}, r.blob...)
	for _, b := range [][]byte{nil, {1, 0, 0, 0}, {0xFF, 0xFF, 0xFF, 0xFF, 1}, sealed, sealed[:len(sealed)-1], append(bytes.Clone(sealed), 0)} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, ok := readWitness(bytes.NewReader(b))
		if !ok {
			return
		}
		again, err := got.row()
		if err != nil {
			t.Fatalf("a head that was read cannot be written: %v", err)
		}
		if back, ok := again.head(); !ok || back.Counter != got.Counter {
			t.Fatalf("%+v came back as %+v", got, back)
		}
	})
}
