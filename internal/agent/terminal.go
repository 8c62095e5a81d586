package agent

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"lifeline120/internal/cab"
	"lifeline120/internal/ems"
	"lifeline120/internal/monitor"
	"lifeline120/internal/photo"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

func slotKey(slot uint16) string { return strconv.Itoa(int(slot)) }

// Routes puts the terminal's API and feed on mux. Everything answers from the vehicle itself: nothing here needs the link.
func (v *Vehicle) Routes(mux *http.ServeMux) {
	cfg := huma.DefaultConfig("Lifeline 120 vehicle terminal", v.Version)
	cfg.DocsPath, cfg.SchemasPath = "", ""
	cfg.CreateHooks = nil // no $schema links in answers
	api := humago.New(mux, cfg)
	mux.Handle("GET /ws", v.Feed)
	get(api, "/api/v1/time", "server-time", func(context.Context) (wire.ServerTime, error) {
		return wire.ServerTime{ServerUs: v.Wall().UnixMicro()}, nil
	})
	get(api, "/api/v1/about", "about", func(context.Context) (wire.About, error) {
		return wire.About{Name: "Lifeline 120", Version: v.Version, Demo: v.Config.Simulated, Region: string(v.Config.Region),
			City: v.Config.Plate}, nil
	})
	post(api, "/api/v1/sos", "sos", v.sos)
	postTo(api, "/api/v1/orders/{id}/seen", "order-seen", func(ctx context.Context, id string, b wire.OrderAnswerBody) (wire.Done, error) {
		return v.act(ctx, func(c cab.Clock) ([]cab.Owe, error) { return v.cab.Seen(c, ems.OrderID(id), b.By) })
	})
	postTo(api, "/api/v1/orders/{id}/accept", "order-accept", func(ctx context.Context, id string, b wire.OrderAnswerBody) (wire.Done, error) {
		return v.act(ctx, func(c cab.Clock) ([]cab.Owe, error) { return v.cab.Accept(c, ems.OrderID(id), b.By) })
	})
	postTo(api, "/api/v1/orders/{id}/refuse", "order-refuse", func(ctx context.Context, id string, b wire.OrderAnswerBody) (wire.Done, error) {
		return v.act(ctx, func(c cab.Clock) ([]cab.Owe, error) { return v.cab.Refuse(c, ems.OrderID(id), b.By, b.Reason) })
	})
	postTo(api, "/api/v1/missions/{id}/nodes", "mission-node", v.node)
	postTo(api, "/api/v1/missions/{id}/destination", "mission-destination", func(ctx context.Context, id string, b wire.TerminalDestination) (wire.Done, error) {
		if b.ID == "" {
			b.ID = v.NewID()
		}
		return v.act(ctx, func(c cab.Clock) ([]cab.Owe, error) {
			return v.cab.Destination(c, b.ID, ems.MissionID(id), b.Hospital, b.By, b.Pathway, b.Text, b.Ranking)
		})
	})
	v.hospitals(api)
	post(api, "/api/v1/notes", "note", func(ctx context.Context, b wire.TerminalNote) (wire.Done, error) {
		n := cab.Note{ID: b.ID, Mission: b.Mission, Patient: b.Patient, Text: b.Text, By: b.By}
		if b.At != nil {
			n.At = b.At.UTC()
		}
		return v.act(ctx, func(c cab.Clock) ([]cab.Owe, error) { return v.cab.Write(c, n, 0) })
	})
	huma.Register(api, huma.Operation{OperationID: "photo", Method: http.MethodPost, Path: "/api/v1/photos", MaxBodyBytes: maxPhotoBody},
		func(ctx context.Context, in *struct{ Body wire.TerminalPhoto }) (*answer[wire.Done], error) {
			done, err := v.photo(ctx, in.Body)
			return &answer[wire.Done]{done}, err
		})
	post(api, "/api/v1/binding", "binding", v.bind)
	postTo(api, "/api/v1/monitor/{id}/command", "monitor-command", func(ctx context.Context, id string, b wire.MonitorCommand) (wire.Done, error) {
		c, err := v.commandOf(ctx, ems.DeviceID(id), b)
		if err == nil {
			err = v.Command(ctx, ems.DeviceID(id), c)
		}
		if err != nil {
			return wire.Done{}, refuse(err)
		}
		return wire.Done{OK: true}, nil
	})
	postMost(api, "/api/v1/handover", "handover", maxHandover, v.handover)
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		v.counts.write(w)
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
		defer cancel()
		if err := v.Do(ctx, func() error { return nil }); err != nil {
			http.Error(w, "the agent does not answer: "+err.Error(), http.StatusServiceUnavailable)
			return
		}
		w.Write([]byte("ok\n"))
	})
}

// SOS takes a press of the key at this moment, from the terminal or a hardware key. It is kept and sent before this returns; the lamp
// it answers is lit only when the dispatcher has stored the alarm (ALM-003).
func (v *Vehicle) SOS(ctx context.Context, p cab.Press, by string, uncertainS float64) (cab.Lamp, error) {
	return v.press(ctx, func() []cab.Owe { return v.cab.SOS(v.clock(), p, by, v.lastFix(), uncertainS) }, p.PressID)
}

func (v *Vehicle) press(ctx context.Context, take func() []cab.Owe, id string) (cab.Lamp, error) {
	lamp := cab.LampPending
	err := v.Do(ctx, func() error {
		err := v.owe(ctx, take())
		lamp = v.cab.Presses[id].Lamp
		return err
	})
	return lamp, err
}

func (v *Vehicle) sos(ctx context.Context, b wire.TerminalSOS) (wire.TerminalSOSAnswer, error) {
	lamp, err := v.press(ctx, func() []cab.Owe {
		p := cab.Press{PressID: b.PressID, Seat: b.Seat, Text: b.Text}
		uncertain := 0.0
		if b.Pressed != nil {
			p.Pressed, uncertain = pressedAt(b, v.instant().Wall)
		}
		if b.Away {
			return v.cab.SOS(v.clock(), p, "tablet", v.fixSince(), uncertain)
		}
		return v.cab.SOS(v.clock(), p, b.By, v.lastFix(), uncertain)
	}, b.PressID)
	if err != nil {
		return wire.TerminalSOSAnswer{}, refuse(err)
	}
	return wire.TerminalSOSAnswer{PressID: b.PressID, Lamp: wire.Lamp(lamp)}, nil
}

// pressedAt is when a key was pressed, and how far off that may be (TIM-001). A tablet that has not measured the vehicle's clock gives
// the time of its own: then anything between that and now may be true, and no press is in the future.
func pressedAt(b wire.TerminalSOS, now time.Time) (at time.Time, uncertainS float64) {
	at = b.Pressed.UTC()
	switch {
	case b.UncertaintyS != nil:
		return at, *b.UncertaintyS
	case b.By == "key": // the vehicle's own, on the vehicle's own clock
		return at, 0
	case at.After(now):
		return now, at.Sub(now).Seconds()
	}
	return at, now.Sub(at).Seconds()
}

// fixSince is the vehicle's place now for what was touched before now on a tablet that was carried away: the last that is known of it,
// with its time, and not where the key was pressed (ALM-002).
func (v *Vehicle) fixSince() *ems.Fix {
	f := v.lastFix()
	if f != nil && f.Quality == ems.Good {
		f.Quality = ems.Questioned
	}
	return f
}

// act runs one act of the crew and owes what follows.
func (v *Vehicle) act(ctx context.Context, f func(cab.Clock) ([]cab.Owe, error)) (wire.Done, error) {
	err := v.Do(ctx, func() error {
		owes, err := f(v.clock())
		if err != nil {
			return err
		}
		return v.owe(ctx, owes)
	})
	if err != nil {
		return wire.Done{}, refuse(err)
	}
	return wire.Done{OK: true}, nil
}

// Act runs one act of the crew, as the terminal's API does: for the seeded town and the demo's crews.
func (v *Vehicle) Act(ctx context.Context, f func(*cab.State, cab.Clock) ([]cab.Owe, error)) error {
	return v.Do(ctx, func() error {
		owes, err := f(v.cab, v.clock())
		if err != nil {
			return err
		}
		return v.owe(ctx, owes)
	})
}

func (v *Vehicle) node(ctx context.Context, id string, b wire.TerminalNode) (wire.Done, error) {
	t := cab.Touch{ID: b.ID, Mission: ems.MissionID(id), Node: b.Node, By: b.By, Correction: b.Correction, Reason: b.Reason}
	if b.At != nil {
		t.At = b.At.UTC()
	}
	return v.act(ctx, func(c cab.Clock) ([]cab.Owe, error) {
		if b.Undo {
			return v.cab.Undo(c, t)
		}
		if st, ok := v.stood(t.Mission, t.Node); ok && b.Stood {
			t.At, t.Source, t.UncertainS = st.At, ems.SourceGeofence, st.UncertainS
		}
		return v.cab.Enter(c, t, v.lastFix())
	})
}

func (v *Vehicle) bind(ctx context.Context, b wire.BindingBody) (wire.BindingAnswer, error) {
	if b.Patient == "" && b.Bound {
		b.Patient = ems.PatientID("p-" + v.NewID())
	}
	_, err := v.act(ctx, func(c cab.Clock) ([]cab.Owe, error) {
		if !b.Bound {
			return v.cab.Unbind(c, b.Device, b.By)
		}
		return v.cab.Bind(c, cab.Binding{Device: b.Device, Patient: b.Patient, Mission: b.Mission, Name: b.Name, Sex: b.Sex,
			AgeYears: b.AgeYears, By: b.By})
	})
	return wire.BindingAnswer{Patient: b.Patient}, err
}

// commandOf is what the monitor is told. A cuff is not inflated for a patient of whom nobody says how old he is: a child's arm would be
// squeezed as an adult's.
func (v *Vehicle) commandOf(ctx context.Context, d ems.DeviceID, b wire.MonitorCommand) (monitor.Command, error) {
	if b.Command != "nibp_start" {
		return monitor.Command(b.Command), nil
	}
	switch b.Cuff {
	case "adult":
		return monitor.StartNIBP, nil
	case "child":
		return monitor.StartNIBPChild, nil
	case "neonate":
		return monitor.StartNIBPNeonate, nil
	}
	age := 0
	if err := v.Do(ctx, func() error { age = v.cab.Bindings[d].AgeYears; return nil }); err != nil {
		return "", err
	}
	c, known := monitor.NIBPFor(age)
	if !known {
		return "", errors.New("measure blood pressure: the patient's age is not known (未填年龄): bind the patient with an age, or say adult, child or neonate")
	}
	return c, nil
}

// photo takes a photo of the crew: cleaned of what the camera wrote beside it, cut into pieces, and on disk before this returns.
func (v *Vehicle) photo(ctx context.Context, b wire.TerminalPhoto) (wire.Done, error) {
	clean, err := photo.Clean(b.Jpeg)
	if err != nil {
		return wire.Done{}, huma.Error422UnprocessableEntity(err.Error())
	}
	p := cab.Photo{ID: b.ID, Mission: b.Mission, Patient: b.Patient, By: b.By}
	if b.At != nil {
		p.At = b.At.UTC()
	}
	if err := v.Picture(ctx, p, clean.Bytes, b.UncertainS); err != nil {
		return wire.Done{}, refuse(err)
	}
	return wire.Done{OK: true}, nil
}

// Picture owes a photo of the crew, behind everything that is live.
func (v *Vehicle) Picture(ctx context.Context, p cab.Photo, jpeg []byte, uncertainS float64) error {
	return v.Do(ctx, func() error {
		p, pieces, err := v.cab.Picture(v.clock(), p, jpeg, uncertainS)
		if err != nil || len(pieces) == 0 {
			return err
		}
		for _, d := range v.Spool.Depths() {
			if d.Capped || d.Lane == pb.Lane_LANE_PHOTO && d.Bytes+uint64(p.Size) > maxPhotosOwed {
				return fmt.Errorf("take a photo: lane %s: %w", wire.LaneName(d.Lane), cab.ErrNoRoom)
			}
		}
		items := make([]wire.Item, len(pieces))
		for i, piece := range pieces {
			if items[i], err = v.item(pb.Lane_LANE_PHOTO, pb.Kind_KIND_PHOTO_PIECE, piece); err != nil {
				return err
			}
			items[i].CapturedUs, items[i].MonoUs = items[0].CapturedUs, items[0].MonoUs // one photo, one moment
		}
		recs, err := v.Spool.Put(ctx, items, nil)
		if err == nil {
			err = v.Spool.Flush(ctx)
		}
		if err != nil { // the tablet keeps it and brings it again; a photo that came twice is one at the centre
			return fmt.Errorf("take a photo: %w: %w", cab.ErrNoRoom, err)
		}
		p.Epoch, p.From, p.To = recs[0].Epoch.String(), recs[0].Seq, recs[len(recs)-1].Seq
		v.cab.KeepPicture(p)
		v.keepState(ctx)
		v.publish(v.sender.New(v.instant(), recs))
		v.showAll()
		v.showOwed()
		return nil
	})
}

// handover takes what a tablet kept while it was away from the vehicle. Its times are put on the vehicle's clock by the offset that
// it measured, and carry the uncertainty of that (TIM-001). An entry that cannot be taken is left out of the answer, and the tablet
// keeps it; the others are not held up by it.
func (v *Vehicle) handover(ctx context.Context, h wire.Handover) (wire.HandoverAnswer, error) {
	out := wire.HandoverAnswer{Taken: []string{}}
	offset := time.Duration(h.OffsetMs * float64(time.Millisecond))
	uncertain := h.UncertaintyMs / 1000
	for _, e := range h.Entries {
		at := e.At.UTC().Add(-offset)
		err := v.Do(ctx, func() error {
			owes, err := v.takeEntry(e, at, uncertain)
			if err != nil {
				return err
			}
			return v.owe(ctx, owes)
		})
		if err != nil {
			v.Log.Warn("handover entry not taken", "id", e.ID, "kind", e.Kind, "err", err)
			continue
		}
		out.Taken = append(out.Taken, e.ID)
	}
	return out, nil
}

func (v *Vehicle) takeEntry(e wire.HandoverEntry, at time.Time, uncertainS float64) ([]cab.Owe, error) {
	switch e.Kind {
	case "sos":
		return v.cab.SOS(v.clock(), cab.Press{PressID: e.ID, Pressed: at, Seat: e.Body.Seat, Text: e.Body.Text}, "tablet", v.fixSince(), uncertainS), nil
	case "node":
		return v.cab.Enter(v.clock(), cab.Touch{ID: e.ID, Mission: e.Body.Mission, Node: e.Body.Node, At: at, By: e.Body.By,
			UncertainS: uncertainS}, v.fixSince())
	case "note":
		return v.cab.Write(v.clock(), cab.Note{ID: e.ID, Mission: e.Body.Mission, Patient: e.Body.Patient, Text: e.Body.Text, By: e.Body.By,
			At: at}, uncertainS)
	}
	return nil, errors.New("take over from the tablet: kind " + strconv.Quote(e.Kind) + " is none of node, sos, note")
}

// errNotKept: the spool could not take what an act owes. The act was allowed; it is to be tried again, and never given up for this.
var errNotKept = errors.New("the vehicle's disk did not take it")

// refuse turns an error of an act into an answer that says what to do.
func refuse(err error) error {
	switch {
	case errors.Is(err, cab.ErrUnknownOrder), errors.Is(err, cab.ErrUnknownMission):
		return huma.Error404NotFound(err.Error())
	case errors.Is(err, cab.ErrNoRoom):
		return huma.NewError(http.StatusInsufficientStorage, err.Error())
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, errNotKept):
		return huma.Error503ServiceUnavailable(err.Error())
	}
	return huma.Error409Conflict(err.Error())
}

// The three shapes of the API: read, act, and act on something named in the path.

type answer[T any] struct{ Body T }

func get[T any](api huma.API, path, id string, f func(context.Context) (T, error)) {
	huma.Register(api, huma.Operation{OperationID: id, Method: http.MethodGet, Path: path}, func(ctx context.Context, _ *struct{}) (*answer[T], error) {
		b, err := f(ctx)
		return &answer[T]{b}, err
	})
}

func post[B, T any](api huma.API, path, id string, f func(context.Context, B) (T, error)) {
	postMost(api, path, id, maxBody, f)
}

func postMost[B, T any](api huma.API, path, id string, most int64, f func(context.Context, B) (T, error)) {
	type in struct{ Body B }
	huma.Register(api, huma.Operation{OperationID: id, Method: http.MethodPost, Path: path, MaxBodyBytes: most},
		func(ctx context.Context, i *in) (*answer[T], error) {
			b, err := f(ctx, i.Body)
			return &answer[T]{b}, err
		})
}

func postTo[B, T any](api huma.API, path, id string, f func(context.Context, string, B) (T, error)) {
	type in struct {
		ID   string `path:"id" maxLength:"64"`
		Body B
	}
	huma.Register(api, huma.Operation{OperationID: id, Method: http.MethodPost, Path: path, MaxBodyBytes: maxBody},
		func(ctx context.Context, i *in) (*answer[T], error) {
			b, err := f(ctx, i.ID, i.Body)
			return &answer[T]{b}, err
		})
}
