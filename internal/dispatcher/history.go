package dispatcher

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/store"
	"lifeline120/internal/vitals"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// stretch is one device's time with a patient (CLN-006).
type stretch struct {
	unit     ems.UnitID
	device   ems.DeviceID
	from, to time.Time
}

// stretches lists where a patient's data is to be looked for, within from and to.
func (c *Centre) stretches(ctx context.Context, id ems.PatientID, from, to time.Time) ([]stretch, error) {
	var out []stretch
	known := false
	err := c.Look(ctx, func(s *desk.State) {
		known = s.Patients[id] != nil
		for key, spans := range s.Bindings {
			unit, device, _ := strings.Cut(key, "/")
			for _, sp := range spans {
				if sp.Patient != id {
					continue
				}
				st := stretch{ems.UnitID(unit), ems.DeviceID(device), sp.From, to}
				if sp.To != nil && sp.To.Before(to) {
					st.to = *sp.To
				}
				if st.from.Before(from) {
					st.from = from
				}
				if st.from.Before(st.to) {
					out = append(out, st)
				}
			}
		}
	})
	if err == nil && !known {
		err = ErrNotFound
	}
	slices.SortFunc(out, func(a, b stretch) int {
		if d := a.from.Compare(b.from); d != 0 {
			return d
		}
		return strings.Compare(string(a.unit)+"/"+string(a.device), string(b.unit)+"/"+string(b.device))
	})
	return out, err
}

// covered says whether what a device took at an instant is of one of the stretches.
func covered(spans []stretch, u ems.UnitID, dev ems.DeviceID, taken time.Time) bool {
	return slices.ContainsFunc(spans, func(st stretch) bool {
		return st.unit == u && st.device == dev && !taken.Before(st.from) && !taken.After(st.to)
	})
}

// past calls f for every stored message of a lane within the patient's stretches, until f says enough. Each message once.
func (c *Centre) past(ctx context.Context, id ems.PatientID, lane pb.Lane, from, to time.Time, f func(store.Owed, []stretch) bool) error {
	spans, err := c.stretches(ctx, id, from, to)
	if err != nil {
		return err
	}
	type key struct {
		unit  ems.UnitID
		epoch wire.Epoch
		seq   uint64
	}
	seen := map[key]bool{} // two devices of one unit are one lane
	for _, st := range spans {
		// A message holds a second or two of values, under the time of its first.
		q := store.OwedQuery{Unit: st.unit, Lane: lane, FromUs: st.from.Add(-2 * time.Second).UnixMicro(), ToUs: st.to.UnixMicro() + 1, Limit: store.MaxRead}
		for {
			page, err := c.cfg.Store.Owed(ctx, q)
			if err != nil {
				return err
			}
			for _, o := range page {
				k := key{o.Unit, o.Record.Epoch, o.Record.Seq}
				if !seen[k] && !f(o, spans) {
					return nil
				}
				seen[k] = true
			}
			if len(page) < store.MaxRead || page[len(page)-1].ServerUs <= q.FromUs {
				break
			}
			q.FromUs = page[len(page)-1].ServerUs
		}
	}
	return nil
}

// Span is what is asked for. Exported: the API reads parameters from no other.
type Span struct {
	ID   string    `path:"id" maxLength:"64"`
	From time.Time `query:"from" doc:"RFC 3339; the last hours, or minutes of waves, when not given"`
	To   time.Time `query:"to" doc:"RFC 3339; now when not given"`
}

func (s Span) within(most time.Duration) (from, to time.Time) {
	from, to = s.From, s.To
	if to.IsZero() {
		to = now()
	}
	if from.IsZero() {
		from = to.Add(-most)
	}
	return from, to
}

// historic is an answer from the store. One that stops at its bound says so: what is missing must not look like what never was.
type historic struct {
	Truncated string `header:"Truncated" doc:"true when there is more: ask on from the last"`
	Body      []wire.ReadingPoint
}

// historicWaves is the same of waves.
type historicWaves struct {
	Type      string `header:"Content-Type"`
	Truncated string `header:"Truncated" doc:"true when there is more: ask on from the last"`
	Body      []byte
}

// history registers what is read from the store.
func (c *Centre) history(api huma.API, get func(path, id, summary string) huma.Operation) {
	huma.Register(api, get("/api/v1/patients/{id}/readings", "patient-readings", "Stored readings of a patient, oldest first"),
		func(ctx context.Context, in *struct {
			Span
			Channel ems.Channel `query:"channel" maxLength:"32"`
		}) (*historic, error) {
			ctx, cancel := context.WithTimeout(ctx, historyPause)
			defer cancel()
			from, to := in.within(historySpan)
			h := &historic{Body: []wire.ReadingPoint{}}
			err := c.past(ctx, ems.PatientID(in.ID), pb.Lane_LANE_READING, from, to, func(o store.Owed, spans []stretch) bool {
				if len(h.Body) >= maxPoints {
					h.Truncated = "true"
					return false
				}
				h.Body = append(h.Body, c.points(o, ems.PatientID(in.ID), in.Channel, spans)...)
				return true
			})
			if err != nil {
				return nil, problem(err)
			}
			return h, nil
		})
	waves := get("/api/v1/patients/{id}/waves", "patient-waves", "Stored waves of a patient: wave frames, each with its length (u32) before it, flagged back-filled")
	waves.Responses = map[string]*huma.Response{"200": {Description: "frames", Content: map[string]*huma.MediaType{
		"application/octet-stream": {Schema: &huma.Schema{Type: "string", Format: "binary"}}}}}
	huma.Register(api, waves, func(ctx context.Context, in *struct{ Span }) (*historicWaves, error) {
		ctx, cancel := context.WithTimeout(ctx, historyPause)
		defer cancel()
		from, to := in.within(wavesSpan)
		h := &historicWaves{Type: "application/octet-stream", Body: []byte{}}
		err := c.past(ctx, ems.PatientID(in.ID), pb.Lane_LANE_WAVE, from, to, func(o store.Owed, spans []stretch) bool {
			if len(h.Body) >= maxWaves {
				h.Truncated = "true"
				return false
			}
			h.Body = append(h.Body, c.frames(o, ems.PatientID(in.ID), spans)...)
			return true
		})
		if err != nil {
			return nil, problem(err)
		}
		return h, nil
	})
	huma.Register(api, get("/api/v1/journal", "journal", "Events of the journal, in order"), func(ctx context.Context, in *struct {
		After uint64 `query:"after"`
		Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	}) (*answer[[]wire.JournalLine], error) {
		page, err := c.cfg.Store.Read(ctx, in.After, min(in.Limit, maxJournal))
		if err != nil {
			return nil, huma.NewError(http.StatusServiceUnavailable, "the store does not answer; try again")
		}
		out := []wire.JournalLine{}
		for _, e := range page {
			l := wire.JournalLine{Seq: e.Seq, At: e.At, Actor: e.Actor, Stream: e.Stream, Type: e.Type, Hash: hex.EncodeToString(e.Hash[:])}
			if len(e.Body) > 0 {
				l.Body = json.RawMessage(e.Body)
			}
			out = append(out, l)
		}
		return give(out, nil)
	})
}

// points are the readings of one patient in a stored message.
func (c *Centre) points(o store.Owed, id ems.PatientID, ch ems.Channel, spans []stretch) []wire.ReadingPoint {
	m, err := wire.Body(stored(o))
	if err != nil {
		return nil
	}
	b, ok := m.(*pb.Readings)
	if !ok {
		return nil
	}
	var out []wire.ReadingPoint
	for _, p := range b.Readings {
		r, patient, err := wire.UnpackReading(p)
		r.Taken = shift(o, p.TakenUs)
		if err != nil || patient != id || ch != "" && r.Channel != ch || !covered(spans, o.Unit, r.Device, r.Taken) {
			continue
		}
		v := wire.ReadingPoint{Received: o.Received, ReadingView: vitals.View(r, o.Unit, id, o.Record.Simulated || c.cfg.Store.Demo())}
		v.Source = sourceFilled
		out = append(out, v)
	}
	return out
}

// frames are the waves of one patient in a stored message. Their slot is 0: a page that asks knows the stream by counters and time.
func (c *Centre) frames(o store.Owed, id ems.PatientID, spans []stretch) []byte {
	m, err := wire.Body(stored(o))
	if err != nil {
		return nil
	}
	b, ok := m.(*pb.Waves)
	if !ok {
		return nil
	}
	var out []byte
	for _, p := range b.Waves {
		w, patient, err := wire.UnpackWave(p)
		w.Taken = shift(o, p.TakenUs)
		if err != nil || patient != id || !covered(spans, o.Unit, w.Device, w.Taken) {
			continue
		}
		f := wire.WaveFrameOf(w)
		f.Backfilled, f.Simulated = true, o.Record.Simulated || w.Demo || c.cfg.Store.Demo()
		frame, err := f.Append(nil)
		if err != nil {
			continue
		}
		out = wire.AppendSized(out, frame)
	}
	return out
}

// stored is the envelope of a stored message, for reading its body.
func stored(o store.Owed) *pb.Envelope { return wire.Seal(o.Unit, o.Record, wire.Sending{}) }

// shift puts a time of the agent's clock onto the server's, as the message's own captured time was.
func shift(o store.Owed, us int64) time.Time {
	return time.UnixMicro(us + o.ServerUs - o.Record.CapturedUs).UTC()
}
