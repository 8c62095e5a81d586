package placefile_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"lifeline120/internal/address"
	"lifeline120/internal/ems"
	"lifeline120/internal/placefile"
)

func book() *address.Book {
	p := ems.WGS84{Lat: 35.4, Lon: -118.500001}
	return &address.Book{
		Roads:    []address.Named{{Name: "建国路", Also: []string{"G205"}, Kind: address.Road, Pos: p, Box: address.Box{-119, 35.3, -118.2, 35.41}}, {Name: "人民路", Kind: address.Road, Pos: p}},
		Places:   []address.Named{{Name: "<市医院>", Kind: address.Hospital, Pos: p}},
		Meetings: []address.Meeting{{A: 0, B: 1, Pos: p}}, Houses: []address.Numbered{{Road: 1, Number: "12甲", Pos: p}}, Posts: []address.Milestone{{Road: 0, Metres: 612_300, Pos: p}},
		Stretches: []address.Stretch{{Road: 0, From: 612_300, To: 613_000, Way: -1, Line: []ems.WGS84{p, {Lat: 35.41, Lon: -118.5}}}},
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	dir := t.TempDir()
	info := placefile.Info{Source: "a.osm.pbf", SourceSum: "00"}
	if err := placefile.Save(filepath.Join(dir, placefile.Name), info, book()); err != nil {
		t.Fatal(err)
	}
	got, gotInfo, err := placefile.Open(os.DirFS(dir))
	if err != nil || !reflect.DeepEqual(got, book()) || gotInfo != info {
		t.Errorf("%+v, %+v, %v", got, gotInfo, err)
	}
	if _, _, err := placefile.Open(os.DirFS(t.TempDir())); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if err := placefile.Save(filepath.Join(dir, "missing", "x"), info, book()); err == nil {
		t.Error("saved into a folder that is not there")
	}
}

func TestADamagedFileSaysSo(t *testing.T) {
	var b bytes.Buffer
	if err := placefile.Write(&b, placefile.Info{}, book()); err != nil {
		t.Fatal(err)
	}
	whole := b.Bytes()
	for i := range whole {
		if _, _, err := placefile.Read(whole[:i]); !errors.Is(err, placefile.ErrBroken) || !strings.Contains(err.Error(), "dispatcher places build") {
			t.Fatalf("cut off after %d bytes: %v", i, err)
		}
		bad := bytes.Clone(whole)
		bad[i] ^= 0x41
		if got, _, err := placefile.Read(bad); err == nil && !reflect.DeepEqual(got, book()) { // the packer's own head may differ and mean the same
			t.Fatalf("byte %d of %d damaged: another book was read", i, len(whole))
		} else if err != nil && !errors.Is(err, placefile.ErrBroken) {
			t.Fatalf("byte %d damaged: %v", i, err)
		}
	}
	wrong := book()
	wrong.Houses[0].Road = 9
	b.Reset()
	if err := placefile.Write(&b, placefile.Info{}, wrong); err != nil {
		t.Fatal(err)
	}
	if _, _, err := placefile.Read(b.Bytes()); !errors.Is(err, placefile.ErrBroken) {
		t.Errorf("a house on no road: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	if err := placefile.Write(&b, placefile.Info{}, book()); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		got, _, err := placefile.Read(b)
		switch {
		case err == nil:
			address.New(got, nil).Search("建国路与人民路路口", nil, 5)
		case !errors.Is(err, placefile.ErrBroken):
			t.Errorf("%v is not a broken file's error", err)
		}
	})
}
