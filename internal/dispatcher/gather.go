package dispatcher

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/photo"
	"lifeline120/internal/store"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// Photos of crews come in pieces, in a lane of their own (docs/link.md). Each piece is stored like everything owed; when all pieces of a
// photo are stored, they are read back, put together, and kept as any other photo. What is complete and not kept yet when the centre
// ends is found again at the next start: the pieces stand in the store.

// piece is what the gatherer is told of a stored piece.
type piece struct {
	unit     ems.UnitID
	serverUs int64
	body     *pb.PhotoPiece
}

// noted is what the owner of the state tells the gatherer, who may be busy: some pieces, and beyond them the units whose pieces are to be
// read again from the store.
type noted struct {
	mu     sync.Mutex
	pieces []piece
	units  map[ems.UnitID]bool
	news   chan struct{}
}

func newNoted() *noted { return &noted{units: map[ems.UnitID]bool{}, news: make(chan struct{}, 1)} }

func (n *noted) put(p piece) {
	n.mu.Lock()
	if len(n.pieces) < maxNoted {
		n.pieces = append(n.pieces, p)
	} else {
		n.units[p.unit] = true
	}
	n.mu.Unlock()
	select {
	case n.news <- struct{}{}:
	default:
	}
}

func (n *noted) all() (pieces []piece, units []ems.UnitID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	pieces, units = n.pieces, slices.Sorted(maps.Keys(n.units))
	n.pieces = nil
	clear(n.units)
	return pieces, units
}

// gathering is one photo of which pieces are stored. Their bytes are not held.
type gathering struct {
	unit     ems.UnitID
	id       string
	of       uint32
	have     map[uint32]bool
	from, to int64 // server times of its pieces
	tries    int
	due      time.Time
	newest   time.Time
}

func (g *gathering) complete() bool { return len(g.have) == int(g.of) }

// gatherer knows which photos are under way.
type gatherer struct {
	photos map[string]*gathering
}

// badPiece says why a piece can be none of a photo; "" when it can.
func badPiece(b *pb.PhotoPiece) string {
	switch {
	case b.Photo == "" || len(b.Photo) > 64:
		return "it names no photo"
	case b.Of == 0 || b.Of > maxPieces || b.Index >= b.Of:
		return fmt.Sprintf("piece %d of %d", b.Index, b.Of)
	case b.Size == 0 || b.Size > photo.MaxBytes || len(b.Data) == 0 || len(b.Data) > int(b.Size):
		return fmt.Sprintf("%d bytes of %d", len(b.Data), b.Size)
	case len(b.Sum) != sha256.Size:
		return "it has no sum"
	}
	return ""
}

// take notes a piece. Photos that never end make room for new ones: the one longest without news goes.
func (s *gatherer) take(t time.Time, p piece) {
	key := string(p.unit) + "\n" + p.body.Photo
	g := s.photos[key]
	if g == nil || g.of != p.body.Of {
		for len(s.photos) >= maxGathering {
			oldest := ""
			for k, o := range s.photos {
				if oldest == "" || o.newest.Before(s.photos[oldest].newest) {
					oldest = k
				}
			}
			delete(s.photos, oldest)
		}
		g = &gathering{unit: p.unit, id: p.body.Photo, of: p.body.Of, have: map[uint32]bool{}, from: p.serverUs, to: p.serverUs}
		s.photos[key] = g
	}
	g.have[p.body.Index] = true
	g.from, g.to, g.newest = min(g.from, p.serverUs), max(g.to, p.serverUs), t
}

// next is a complete photo that is due, and how long to wait when there is none; 0 is until there is news.
func (s *gatherer) next(t time.Time) (key string, g *gathering, wait time.Duration) {
	for k, o := range s.photos {
		if !o.complete() {
			continue
		}
		if !o.due.After(t) {
			if g == nil || k < key {
				key, g = k, o
			}
		} else if d := o.due.Sub(t); wait == 0 || d < wait {
			wait = d
		}
	}
	return key, g, wait
}

// gather puts photos together until ctx ends.
func (c *Centre) gather(ctx context.Context, units []ems.UnitID) {
	s := &gatherer{photos: map[string]*gathering{}}
	for _, u := range units {
		c.leftOver(ctx, s, u)
	}
	for ctx.Err() == nil {
		key, g, wait := s.next(now())
		if g != nil {
			if c.develop(ctx, g) {
				delete(s.photos, key)
			} else {
				g.tries++
				g.due = now().Add(min(developMost, developFirst<<min(g.tries, 8)))
			}
			continue
		}
		var timer <-chan time.Time
		if wait > 0 {
			timer = time.After(wait)
		}
		select {
		case <-ctx.Done():
		case <-timer:
		case <-c.noted.news:
			pieces, units := c.noted.all()
			for _, p := range pieces {
				s.take(now(), p)
			}
			for _, u := range units {
				c.leftOver(ctx, s, u)
			}
		}
	}
}

// pieceStored tells the gatherer of a piece that is durable. The owner of the state never waits for it.
func (c *Centre) pieceStored(e *entry) {
	b, err := wire.Body(e.env)
	p, ok := b.(*pb.PhotoPiece)
	if err != nil || !ok {
		return
	}
	if why := badPiece(p); why != "" {
		c.log.Warn("a piece of a photo is none; it is kept as it is", "unit", e.owed.Unit, "why", why)
		return
	}
	p.Data = nil // what is noted needs none of it
	c.noted.put(piece{e.owed.Unit, e.owed.ServerUs, p})
}

// leftOver notes the pieces of a unit that the store holds of the last days.
func (c *Centre) leftOver(ctx context.Context, s *gatherer, u ems.UnitID) {
	err := c.storedPieces(ctx, u, now().Add(-gatherBack).UnixMicro(), 0, func(at int64, p *pb.PhotoPiece) {
		p.Data = nil
		s.take(now(), piece{u, at, p})
	})
	if err != nil && ctx.Err() == nil {
		c.log.Error("read the pieces of photos that are stored", "unit", u, "err", err)
	}
}

// storedPieces reads the pieces of a unit's photos between two server times.
func (c *Centre) storedPieces(ctx context.Context, u ems.UnitID, from, to int64, f func(at int64, p *pb.PhotoPiece)) error {
	q := store.OwedQuery{Unit: u, Lane: pb.Lane_LANE_PHOTO, FromUs: from, ToUs: to, Limit: store.MaxRead}
	for {
		page, err := c.cfg.Store.Owed(ctx, q)
		if err != nil {
			return err
		}
		for _, o := range page {
			b, err := wire.Body(wire.Seal(u, o.Record, wire.Sending{}))
			if p, ok := b.(*pb.PhotoPiece); err == nil && ok && badPiece(p) == "" {
				f(o.ServerUs, p)
			}
		}
		if len(page) < store.MaxRead || page[len(page)-1].ServerUs <= q.FromUs {
			return nil
		}
		q.FromUs = page[len(page)-1].ServerUs
	}
}

// develop puts a photo together and keeps it; false when it may go better later.
func (c *Centre) develop(ctx context.Context, g *gathering) bool {
	id := photoID("unit-"+string(g.unit), g.id)
	known := false
	if err := c.Look(ctx, func(s *desk.State) { known = s.Photos[id] != nil }); err != nil {
		return false
	}
	if known {
		return true
	}
	parts := make([][]byte, g.of)
	var head *pb.PhotoPiece
	var headAt int64
	err := c.storedPieces(ctx, g.unit, g.from, g.to+1, func(at int64, p *pb.PhotoPiece) {
		if p.Photo == g.id && p.Of == g.of {
			parts[p.Index], head, headAt = p.Data, p, at
		}
	})
	if err != nil {
		return false
	}
	raw := slices.Concat(parts...)
	if head == nil || len(raw) != int(head.Size) {
		c.log.Error("pieces of a photo are missing in the store", "unit", g.unit, "photo", g.id)
		return g.tries >= developTries
	}
	if sum := sha256.Sum256(raw); !bytes.Equal(sum[:], head.Sum) {
		c.log.Error("the pieces of a photo make another picture; they stay in the store", "unit", g.unit, "photo", g.id)
		return true
	}
	p := ems.Photo{ID: id, From: desk.FromCrew, By: head.By, Mission: ems.MissionID(head.Mission), Patient: ems.PatientID(head.Patient),
		Taken: time.UnixMicro(headAt).UTC()}
	who := desk.Actor{By: string(g.unit), Role: "vehicle"}
	_, err = c.KeepPhoto(ctx, who, p, raw)
	var refused *desk.Refusal
	if errors.As(err, &refused) && p.Patient != "" && g.tries >= developTries {
		p.Patient = "" // nobody of that name is on this mission: it is the desk's to say whom it shows (SCR-004)
		_, err = c.KeepPhoto(ctx, who, p, raw)
	}
	switch {
	case err == nil:
		return true
	case errors.Is(err, photo.ErrNotJPEG), errors.Is(err, photo.ErrTooBig), errors.Is(err, desk.ErrFull):
		c.log.Error("a crew's photo cannot be kept; its pieces stay in the store", "unit", g.unit, "photo", g.id, "err", err)
		return true
	}
	c.log.Warn("a crew's photo is not kept yet", "unit", g.unit, "photo", g.id, "err", err)
	return errors.As(err, &refused) && g.tries > developTries
}
