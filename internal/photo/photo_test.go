package photo

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"testing"
)

func picture(t testing.TB, w, h int) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		m.Set(i%w, i/w, color.RGBA{uint8(i), uint8(i / 3), uint8(i * 7), 255})
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// with puts segments after the start of a picture.
func with(raw []byte, segments ...[]byte) []byte {
	out := bytes.Clone(raw[:2])
	for _, s := range segments {
		out = append(out, s...)
	}
	return append(out, raw[2:]...)
}

func segment(m byte, body string) []byte {
	out := []byte{0xFF, m, 0, 0}
	binary.BigEndian.PutUint16(out[2:], uint16(len(body)+2))
	return append(out, body...)
}

const exifTurned6 = "Exif\x00\x00II*\x00\x08\x00\x00\x00\x02\x00" + "\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00" +
	"\x25\x88\x04\x00\x01\x00\x00\x00\x26\x00\x00\x00" + "\x00\x00\x00\x00" + "GPSLatitude 36.65 N Zhang San"

func TestACC003_MetadataGoesAndThePictureStays(t *testing.T) {
	raw := picture(t, 40, 30)
	dirty := append(with(raw, segment(0xE1, exifTurned6), segment(0xE1, "http://ns.adobe.com/xap/1.0/\x00 GPSLatitude"), segment(0xED, "Photoshop GPSLatitude"),
		segment(0xFE, "GPSLatitude taken by Zhang San")), "a film of 5 s with GPSLatitude after the end"...)
	p, err := Clean(dirty)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"GPSLatitude", "Zhang San", "Photoshop", "film", "JFIF"} {
		if bytes.Contains(p.Bytes, []byte(secret)) {
			t.Errorf("%q is still in it", secret)
		}
	}
	if p.Width != 30 || p.Height != 40 {
		t.Errorf("turned it is %d x %d", p.Width, p.Height)
	}
	if orientation(p.Bytes[6:]) != 6 {
		t.Error("how to turn it is lost")
	}
	want, _ := jpeg.Decode(bytes.NewReader(raw))
	got, err := jpeg.Decode(bytes.NewReader(p.Bytes))
	if err != nil || got.Bounds() != want.Bounds() || got.At(7, 9) != want.At(7, 9) {
		t.Errorf("the picture is another: %v", err)
	}
	again, err := Clean(p.Bytes)
	if err != nil || !bytes.Equal(again.Bytes, p.Bytes) {
		t.Errorf("cleaning it again changes it: %v", err)
	}
}

func TestACC003_GarbageIsRefused(t *testing.T) {
	raw := picture(t, 16, 16)
	bomb := bytes.Clone(raw)
	i := bytes.Index(bomb, []byte{0xFF, 0xC0})
	copy(bomb[i+5:], []byte{0xFF, 0xFF, 0xFF, 0xFF})
	if _, err := Clean(bomb); !errors.Is(err, ErrTooBig) {
		t.Errorf("a bomb: %v", err)
	}
	for name, b := range map[string][]byte{"nothing": nil, "text": []byte("hello, I am no picture"), "png": []byte("\x89PNG\r\n\x1a\n0000"),
		"html": []byte("<script>alert(1)</script>"), "header only": raw[:20], "cut in the scan": raw[:len(raw)-2], "no picture": {0xFF, 0xD8, 0xFF, 0xD9},
		"long segment": {0xFF, 0xD8, 0xFF, 0xE0, 0xFF, 0xFF, 1}, "short segment": {0xFF, 0xD8, 0xFF, 0xE0, 0, 0, 0xFF, 0xD9},
		"arithmetic": with(raw, segment(0xC9, "\x08\x00\x10\x00\x10\x01"))} {
		if _, err := Clean(b); !errors.Is(err, ErrNotJPEG) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzClean(f *testing.F) {
	raw := picture(f, 8, 8)
	f.Add(raw)
	f.Add(with(raw, segment(0xE1, exifTurned6)))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Clean(b)
		if err != nil {
			return
		}
		if len(p.Bytes) > len(b)+40 {
			t.Fatalf("%d bytes became %d", len(b), len(p.Bytes))
		}
		if again, err := Clean(p.Bytes); err != nil || !bytes.Equal(again.Bytes, p.Bytes) {
			t.Fatalf("cleaned again: %v", err)
		}
	})
}
