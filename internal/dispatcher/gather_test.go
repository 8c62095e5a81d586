package dispatcher

import (
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/link"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// pieces cuts a photo into pieces as a vehicle does, smaller ones.
func pieces(id string, m ems.MissionID, p string, at int64, raw []byte, each int) (out []*pb.PhotoPiece) {
	sum := sha256.Sum256(raw)
	n := (len(raw) + each - 1) / each
	for i := range n {
		out = append(out, &pb.PhotoPiece{Photo: id, Mission: string(m), Patient: p, By: "李", TakenUs: at, Size: uint32(len(raw)), Sum: sum[:],
			Index: uint32(i), Of: uint32(n), Data: raw[i*each : min(len(raw), (i+1)*each)]})
	}
	return out
}

func (v *van) photo(ps []*pb.PhotoPiece) {
	for _, p := range ps {
		v.send(link.UpPhoto, pb.Lane_LANE_PHOTO, pb.Kind_KIND_PHOTO_PIECE, 0, p)
	}
}

func photosOf(b *bench) (out []ems.Photo) {
	b.looks(func(s *desk.State) {
		for _, p := range s.Photos {
			out = append(out, *p)
		}
	})
	return out
}

// DLV-001, DLV-002: pieces in any order, some twice, across a start of the centre, make one photo of the patient; its bytes are the ones taken.
func TestDLV001_PiecesOfAPhotoMakeOneAcrossARestart(t *testing.T) {
	at(t, func(t *testing.T, b *bench) {
		v := newVan(b.air, "u01")
		v.presence(&pb.Presence{Online: true, Depths: []*pb.LaneDepth{{Lane: pb.Lane_LANE_PHOTO}}})
		m, _ := b.story("u01")
		v.urgent(pb.Kind_KIND_BINDING, &pb.Binding{Device: "mon", Patient: "p-1", Mission: string(m), Bound: true, By: "李", AtUs: v.us(), Name: "张国"})
		ps := pieces("photo-1", m, "p-1", v.us(), jpegOf(t, 3), 100)
		if len(ps) < 4 {
			t.Fatal("too few pieces for this test:", len(ps))
		}
		v.photo(ps[2:])
		v.photo(ps[2:4]) // sent twice under other numbers: a tablet that had no answer
		time.Sleep(3 * time.Second)
		if got := photosOf(b); len(got) != 0 {
			t.Fatal("a photo of some pieces:", got)
		}
		b.stop()
		again := begin(t, b.disk, b.air, b.file)
		b.Centre, b.stop = again.Centre, again.stop
		v.photo(ps[:2])
		time.Sleep(3 * time.Second)
		got := photosOf(b)
		if len(got) != 1 {
			t.Fatal("want one photo:", got)
		}
		p := got[0]
		if p.From != desk.FromCrew || p.By != "李" || p.Patient != "p-1" || p.Mission != m || p.Unit != "u01" || p.Width != 32 || !p.Simulated {
			t.Errorf("%+v", p)
		}
		raw, err := b.photoBytes(t.Context(), p)
		if err != nil || strings.Contains(string(raw), "GPS") {
			t.Error("bytes of the photo:", err)
		}
		v.photo(ps) // all of it again
		time.Sleep(3 * time.Second)
		if got := photosOf(b); len(got) != 1 {
			t.Error("one photo became", len(got))
		}
		answered := told(t, b.air, "u01", link.DownStored, wire.OpenStored)
		last := answered[len(answered)-1]
		found := false
		for _, l := range last.Lanes {
			found = found || l.Lane == pb.Lane_LANE_PHOTO && l.UpTo == v.seq[pb.Lane_LANE_PHOTO]
		}
		if !found {
			t.Error("the pieces are not called stored:", last)
		}
	})
}

// The centre ends after the last piece is stored and before the photo is kept: the next start finishes it.
func TestDLV001_ACompletePhotoIsFoundAtTheNextStart(t *testing.T) {
	at(t, func(t *testing.T, b *bench) {
		v := newVan(b.air, "u01")
		m, _ := b.story("u01")
		ps := pieces("photo-1", m, "", v.us(), jpegOf(t, 3), 100)
		v.photo(ps[:len(ps)-1])
		time.Sleep(time.Second)
		b.disk.SetDelay(300 * time.Millisecond)
		v.photo(ps[len(ps)-1:])
		time.Sleep(200 * time.Millisecond)
		b.stop() // stores what waits, and ends without keeping the photo
		b.disk.SetDelay(0)
		again := begin(t, b.disk, b.air, b.file)
		b.Centre, b.stop = again.Centre, again.stop
		time.Sleep(3 * time.Second)
		if got := photosOf(b); len(got) != 1 || got[0].Patient != "" {
			t.Fatal(got)
		}
	})
}

// ACC-003: pieces that are none, or that make another picture, are kept as they are and make no photo.
func TestACC003_BadPiecesMakeNoPhoto(t *testing.T) {
	at(t, func(t *testing.T, b *bench) {
		v := newVan(b.air, "u01")
		m, _ := b.story("u01")
		good := pieces("photo-1", m, "", v.us(), jpegOf(t, 3), 100)
		good[1].Data[0] ^= 1
		v.photo(good)
		v.photo(pieces("photo-2", m, "", v.us(), []byte("no picture at all"), 5))
		v.photo([]*pb.PhotoPiece{{Photo: "photo-3", Of: 1 << 30, Size: 9, Sum: make([]byte, 32), Data: []byte{1}}, {Photo: "", Of: 1}, {}})
		other := pieces("photo-4", m, "p-nobody", v.us(), jpegOf(t, 4), 100)
		v.photo(other)
		time.Sleep(5 * time.Minute)
		got := photosOf(b)
		if len(got) != 1 || got[0].Patient != "" { // of a patient whom nobody bound: kept, and no hospital sees it (SCR-004)
			t.Fatal(got)
		}
	})
}

func FuzzGatherer(f *testing.F) {
	f.Add("u1", "photo-1", uint32(0), uint32(1), uint32(3), []byte{1, 2, 3})
	f.Add("u1", "", uint32(9), uint32(1), uint32(0), []byte{})
	f.Add("u2", "photo-1", uint32(511), uint32(512), uint32(512<<10), make([]byte, 4096))
	f.Fuzz(func(t *testing.T, unit, id string, index, of, size uint32, data []byte) {
		s := &gatherer{photos: map[string]*gathering{}}
		p := &pb.PhotoPiece{Photo: id, Index: index, Of: of, Size: size, Sum: make([]byte, 32), Data: data}
		if badPiece(p) != "" {
			return
		}
		for i := range 3 {
			s.take(time.Unix(int64(i), 0), piece{ems.UnitID(unit), int64(i), p})
		}
		if _, g, wait := s.next(time.Unix(9, 0)); (g != nil) != (of == 1) || wait != 0 {
			t.Errorf("one piece of %d: %v %v", of, g, wait)
		}
	})
}

// What is under way is bounded: the photo longest without news makes room.
func TestACC003_PhotosUnderWayAreBounded(t *testing.T) {
	s := &gatherer{photos: map[string]*gathering{}}
	for i := range maxGathering + 10 {
		s.take(time.Unix(int64(i), 0), piece{"u1", 0, &pb.PhotoPiece{Photo: string(rune('a' + i)), Of: 2, Size: 1}})
	}
	if len(s.photos) != maxGathering || s.photos["u1\na"] != nil {
		t.Error(len(s.photos))
	}
}
