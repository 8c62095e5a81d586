package cab

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"lifeline120/internal/ems"
	pb "lifeline120/internal/wire/proto"
)

// SOS takes one press of the key. It is never refused, and waits for nothing: without a fix it carries the last one and its age
// (ALM-001, ALM-002). The same press again changes nothing (ALM-004).
func (s *State) SOS(c Clock, p Press, by string, last *ems.Fix, uncertainS float64) []Owe {
	if _, known := s.Presses[p.PressID]; known {
		return nil
	}
	if p.Pressed.IsZero() {
		p.Pressed = c.Now
	}
	p.Lamp, p.State, p.By, p.At = LampPending, "", "", nil
	s.Presses[p.PressID] = p
	s.forgetPresses()
	return []Owe{{pb.Kind_KIND_ALARM, &pb.Alarm{PressId: p.PressID, PressedUs: p.Pressed.UnixMicro(), Place: PlaceOf(last), By: by,
		Seat: p.Seat, Mission: string(s.Current()), Text: p.Text, UncertainS: uncertainS}}}
}

// forgetPresses keeps the presses bounded; one that the centre has not handled stays.
func (s *State) forgetPresses() {
	for len(s.Presses) > MaxPresses {
		oldest := ""
		for _, id := range slices.Sorted(maps.Keys(s.Presses)) {
			if p := s.Presses[id]; p.State == string(ems.AlarmHandled) && (oldest == "" || p.Pressed.Before(s.Presses[oldest].Pressed)) {
				oldest = id
			}
		}
		if oldest == "" {
			return
		}
		delete(s.Presses, oldest)
	}
}

// Word takes the dispatcher's word about stored presses and open alarms; it says whether anything changed. Only this lights the
// lamp (ALM-003).
func (s *State) Word(m *pb.Stored) bool {
	changed := false
	for _, id := range m.Pressed {
		if p, ok := s.Presses[id]; ok && p.Lamp != LampReceived {
			p.Lamp = LampReceived
			s.Presses[id] = p
			changed = true
		}
	}
	for _, a := range m.Alarms {
		p, ok := s.Presses[a.PressId]
		if !ok || p.State == a.State && p.By == a.By {
			continue
		}
		at := time.UnixMicro(a.AtUs).UTC()
		p.State, p.By, p.At, p.Lamp = a.State, a.By, &at, LampReceived
		s.Presses[a.PressId] = p
		changed = true
	}
	return changed
}

// Current is the mission that the crew is on: the newest that is not over; "" when there is none.
func (s *State) Current() ems.MissionID {
	var best ems.Mission
	for _, id := range slices.Sorted(maps.Keys(s.Missions)) {
		m := s.Missions[id]
		if m.Ended == nil && s.Orders[m.Order].State != ems.OrderExpired && (best.ID == "" || ordered(m).After(ordered(best))) {
			best = m
		}
	}
	return best.ID
}

func ordered(m ems.Mission) time.Time {
	if len(m.Nodes) == 0 {
		return time.Time{}
	}
	return m.Nodes[0].At
}

// Bind binds a device to a patient by a named act; an older binding of the device ends first (CLN-006).
func (s *State) Bind(c Clock, b Binding) ([]Owe, error) {
	switch {
	case b.By == "":
		return nil, fmt.Errorf("bind %s: say who binds it", b.Device)
	case b.Device == "" || b.Patient == "":
		return nil, fmt.Errorf("bind: name the device and the patient")
	case b.Sex != "" && b.Sex != "m" && b.Sex != "f":
		return nil, fmt.Errorf("bind %s: sex %q is neither m nor f", b.Device, b.Sex)
	}
	if p, ok := s.Patients[b.Patient]; ok { // words that are not given again stay
		b.Name, b.Sex, b.AgeYears, b.Mission = cmp.Or(b.Name, p.Name), cmp.Or(b.Sex, p.Sex), cmp.Or(b.AgeYears, p.AgeYears), cmp.Or(b.Mission, p.Mission)
	}
	var owe []Owe
	if old, ok := s.Bindings[b.Device]; ok {
		if old.Patient == b.Patient && old.Name == b.Name && old.Sex == b.Sex && old.AgeYears == b.AgeYears {
			return nil, nil
		}
		if old.Patient != b.Patient {
			owe = append(owe, s.unbind(b.Device, b.By, "rebound", c.Now))
		}
	}
	b.At = c.Now
	b.Mission = cmp.Or(b.Mission, s.Current())
	s.Bindings[b.Device] = b
	s.Patients[b.Patient] = Patient{ID: b.Patient, Mission: b.Mission, Name: b.Name, Sex: b.Sex, AgeYears: b.AgeYears}
	return append(owe, Owe{pb.Kind_KIND_BINDING, &pb.Binding{Device: string(b.Device), Patient: string(b.Patient),
		Mission: string(b.Mission), Bound: true, By: b.By, AtUs: c.Now.UnixMicro(), Name: b.Name, Sex: b.Sex, AgeYears: int32(b.AgeYears)}}), nil
}

// Unbind ends a binding by a named act.
func (s *State) Unbind(c Clock, d ems.DeviceID, by string) ([]Owe, error) {
	if by == "" {
		return nil, fmt.Errorf("unbind %s: say who ends the binding", d)
	}
	if _, ok := s.Bindings[d]; !ok {
		return nil, nil
	}
	return []Owe{s.unbind(d, by, "key", c.Now)}, nil
}

func (s *State) unbind(d ems.DeviceID, by, reason string, at time.Time) Owe {
	b := s.Bindings[d]
	delete(s.Bindings, d)
	return Owe{pb.Kind_KIND_BINDING, &pb.Binding{Device: string(d), Patient: string(b.Patient), Mission: string(b.Mission), By: by,
		AtUs: at.UnixMicro(), Reason: reason}}
}

// Patient is whom the device is bound to now; "" when to nobody (未归属).
func (s *State) Patient(d ems.DeviceID) ems.PatientID { return s.Bindings[d].Patient }

// Write takes a note of the crew. Its id names it: the same again changes nothing.
func (s *State) Write(c Clock, n Note, uncertainS float64) ([]Owe, error) {
	if _, done := s.Notes[n.ID]; done {
		return nil, nil
	}
	if n.ID == "" || n.Text == "" {
		return nil, fmt.Errorf("write note: it needs an id and a text")
	}
	if utf8.RuneCountInString(n.Text) > MaxText {
		return nil, fmt.Errorf("write note: %d characters are too many; write at most %d and send the rest as another note",
			utf8.RuneCountInString(n.Text), MaxText)
	}
	if n.At.IsZero() {
		n.At = c.Now
	}
	s.Notes[n.ID] = n
	dropOldest(s.Notes, MaxNotes, func(x Note) time.Time { return x.At })
	return []Owe{{pb.Kind_KIND_NOTE, &pb.Note{Id: n.ID, Mission: string(n.Mission), Patient: string(n.Patient), Text: n.Text, By: n.By,
		AtUs: n.At.UnixMicro(), UncertainS: uncertainS}}}, nil
}

// ErrNoRoom is a photo that is not taken in, so that nothing more precious is lost for it (DLV-007): the tablet keeps it.
var ErrNoRoom = errors.New("no room for another photo")

// Picture takes a photo of the crew: what is to be owed are its pieces, in order. Its id names it: the same again changes nothing.
func (s *State) Picture(c Clock, p Photo, jpeg []byte, uncertainS float64) (Photo, []*pb.PhotoPiece, error) {
	if _, done := s.Photos[p.ID]; done {
		return p, nil, nil
	}
	of := 0
	for _, o := range s.Photos {
		if o.Mission == p.Mission {
			of++
		}
	}
	switch _, live := s.Missions[p.Mission]; {
	case p.ID == "" || p.By == "":
		return p, nil, fmt.Errorf("take a photo: it needs an id, and who took it")
	case !live:
		return p, nil, fmt.Errorf("take a photo: mission %s: %w", p.Mission, ErrUnknownMission)
	case len(jpeg) == 0 || len(jpeg) > MaxPhotoBytes:
		return p, nil, fmt.Errorf("take a photo: %d bytes are none or too many; at most %d", len(jpeg), MaxPhotoBytes)
	case of >= MaxPhotos:
		return p, nil, fmt.Errorf("take a photo: mission %s has %d: %w", p.Mission, of, ErrNoRoom)
	}
	if p.At.IsZero() {
		p.At = c.Now
	}
	p.Size = len(jpeg)
	sum := sha256.Sum256(jpeg)
	n := (len(jpeg) + PhotoPiece - 1) / PhotoPiece
	pieces := make([]*pb.PhotoPiece, n)
	for i := range pieces {
		pieces[i] = &pb.PhotoPiece{Photo: p.ID, Mission: string(p.Mission), Patient: string(p.Patient), By: p.By, TakenUs: p.At.UnixMicro(),
			UncertainS: uncertainS, Size: uint32(len(jpeg)), Sum: sum[:], Index: uint32(i), Of: uint32(n),
			Data: jpeg[i*PhotoPiece : min(len(jpeg), (i+1)*PhotoPiece)]}
	}
	return p, pieces, nil
}

// KeepPicture remembers a photo once its pieces are in the spool.
func (s *State) KeepPicture(p Photo) {
	s.Photos[p.ID] = p
	for len(s.Photos) > MaxPhotosKnown {
		oldest := ""
		for _, id := range slices.Sorted(maps.Keys(s.Photos)) {
			if o := s.Photos[id]; o.Stored && (oldest == "" || o.At.Before(s.Photos[oldest].At)) {
				oldest = id
			}
		}
		if oldest == "" {
			return
		}
		delete(s.Photos, oldest)
	}
}

// PicturesStored notes which photos the centre has; has says whether it stored a number of the lane of photos of an epoch.
func (s *State) PicturesStored(epoch string, has func(from, to uint64) bool) (changed bool) {
	for id, p := range s.Photos {
		if !p.Stored && p.Epoch == epoch && has(p.From, p.To) {
			p.Stored, changed = true, true
			s.Photos[id] = p
		}
	}
	return changed
}

// Assess takes what the crew says of the patient for the choice of a hospital; the centre keeps it.
func (s *State) Assess(c Clock, a *pb.Assessment) ([]Owe, error) {
	if _, done := s.Done[a.Id]; done && a.Id != "" {
		return nil, nil
	}
	mi, ok := s.Missions[ems.MissionID(a.Mission)]
	if !ok {
		return nil, fmt.Errorf("assess mission %s: %w", a.Mission, ErrUnknownMission)
	}
	if mi.Ended != nil {
		return nil, fmt.Errorf("assess mission %s: %w", a.Mission, ErrOver)
	}
	mi.Assessment = assessed(mi.Assessment, a, c.Now)
	s.Missions[mi.ID] = mi
	s.Done[a.Id] = c.Now
	a.AtUs = c.Now.UnixMicro()
	return []Owe{{pb.Kind_KIND_ASSESSMENT, a}}, nil
}

// assessed adds what is said to what stood in this cab. What the centre has beside it comes with its ranking.
func assessed(was *ems.Assessment, a *pb.Assessment, now time.Time) *ems.Assessment {
	out := ems.Assessment{}
	if was != nil {
		out = *was
	}
	for _, f := range []struct{ to, v *string }{{&out.LVO, a.Lvo}, {&out.Severe, a.Severe}, {&out.Unstable, a.Unstable}} {
		if f.v != nil {
			*f.to = *f.v
		}
	}
	switch {
	case a.LastWellUnknown:
		out.LastWell = nil
	case a.LastWellUs != 0:
		at := time.UnixMicro(a.LastWellUs).UTC()
		out.LastWell = &at
	}
	if a.Wish != nil {
		out.Wish = ems.HospitalID(*a.Wish)
	}
	out.By, out.At = a.By, &now
	return &out
}

// Destination takes the crew's choice of hospital; the centre tells the hospital (CLN-004). ranking names the centre's ranking that it was
// chosen from, when there was one.
func (s *State) Destination(c Clock, id string, m ems.MissionID, h ems.HospitalID, by, pathway, text, ranking string) ([]Owe, error) {
	if _, done := s.Done[id]; done && id != "" {
		return nil, nil
	}
	mi, ok := s.Missions[m]
	if !ok {
		return nil, fmt.Errorf("choose hospital %s: mission %s: %w", h, m, ErrUnknownMission)
	}
	if mi.Ended != nil {
		return nil, fmt.Errorf("choose hospital %s: mission %s: %w", h, m, ErrOver)
	}
	mi.Destination = h
	s.Missions[m] = mi
	s.Done[id] = c.Now
	return []Owe{{pb.Kind_KIND_DESTINATION, &pb.Destination{Mission: string(m), Hospital: string(h), By: by, AtUs: c.Now.UnixMicro(),
		Pathway: pathway, Text: text, Id: id, Ranking: ranking}}}, nil
}

// dropOldest keeps a map bounded; what goes from the terminal is owed to the centre or stored there.
func dropOldest[V any](m map[string]V, most int, at func(V) time.Time) {
	for len(m) > most {
		oldest := ""
		for _, id := range slices.Sorted(maps.Keys(m)) {
			if oldest == "" || at(m[id]).Before(at(m[oldest])) {
				oldest = id
			}
		}
		delete(m, oldest)
	}
}

// Forget drops what is over and old, so that the state stays small; it says whether anything went.
func (s *State) Forget(c Clock) bool {
	before := len(s.Done) + len(s.Missions) + len(s.Orders) + len(s.Notes) + len(s.Messages) + len(s.Answered) + len(s.Notices) + len(s.Photos)
	old := func(t time.Time, keep time.Duration) bool { return c.Now.Sub(t) > keep }
	maps.DeleteFunc(s.Done, func(_ string, t time.Time) bool { return old(t, KeepDone) })
	maps.DeleteFunc(s.Answered, func(_ string, a Answered) bool { return old(a.At, KeepDone) })
	maps.DeleteFunc(s.Missions, func(_ ems.MissionID, m ems.Mission) bool { return m.Ended != nil && old(*m.Ended, KeepOver) })
	maps.DeleteFunc(s.Orders, func(_ ems.OrderID, o ems.Order) bool {
		_, live := s.Missions[o.Mission]
		return !live && old(o.Queued, KeepOver)
	})
	maps.DeleteFunc(s.Earlier, func(id ems.OrderID, _ ems.Order) bool { _, live := s.Orders[id]; return !live })
	maps.DeleteFunc(s.Notices, func(m ems.MissionID, _ Notice) bool { _, live := s.Missions[m]; return !live })
	bound := map[ems.PatientID]bool{}
	for _, b := range s.Bindings {
		bound[b.Patient] = true
	}
	maps.DeleteFunc(s.Patients, func(id ems.PatientID, p Patient) bool { _, live := s.Missions[p.Mission]; return !live && !bound[id] })
	maps.DeleteFunc(s.Notes, func(_ string, n Note) bool { return old(n.At, KeepOver) })
	maps.DeleteFunc(s.Photos, func(_ string, p Photo) bool { return p.Stored && old(p.At, KeepOver) })
	maps.DeleteFunc(s.Messages, func(_ string, m Message) bool { return old(m.At, KeepOver) })
	return before != len(s.Done)+len(s.Missions)+len(s.Orders)+len(s.Notes)+len(s.Messages)+len(s.Answered)+len(s.Notices)+len(s.Photos)
}
