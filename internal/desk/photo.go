package desk

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"lifeline120/internal/ems"
	"lifeline120/internal/incident"
	"lifeline120/internal/journal"
)

// PhotoAdded is a photo whose bytes the store holds under their sum.
type PhotoAdded struct {
	Request
	Photo ems.Photo `json:"photo"`
}

// AddPhoto keeps a photo. Its bytes are stored before, under Photo.Sum. The photo's id is its identity: the same id and sum again
// change nothing.
type AddPhoto struct {
	Act
	Photo ems.Photo
}

// ErrFull is a photo, or a message, beyond what one alarm or mission may have.
var ErrFull = fmt.Errorf("there are as many as are kept")

func (c AddPhoto) decide(d *decision) error {
	p := c.Photo
	if old := d.s.Photos[p.ID]; old != nil {
		d.about(Ref{Photos, string(p.ID)})
		if old.Sum != p.Sum {
			return &Refusal{"photo " + string(p.ID), old.Sum, p.Sum, "another picture has this id: make another id"}
		}
		return nil
	}
	if err := fresh(d.s.Photos, Photos, p.ID); err != nil {
		return err
	}
	var i *ems.Incident
	switch {
	case p.Alarm != "":
		a, err := find(d.s.Alarms, Alarms, p.Alarm)
		if err != nil {
			return err
		}
		i = d.s.Incidents[a.Incident]
		p.Simulated = p.Simulated || a.Simulated
	case p.Mission != "":
		m, err := find(d.s.Missions, Missions, p.Mission)
		if err != nil {
			return err
		}
		if p.Patient != "" && !slices.Contains(m.Patients, p.Patient) {
			return &Refusal{"photo " + string(p.ID), "of mission " + string(m.ID), "of patient " + string(p.Patient), "name a patient of this mission"}
		}
		i, p.Unit = d.s.Incidents[m.Incident], m.Unit
		p.Simulated = p.Simulated || m.Simulated
	case p.Incident != "":
		var err error
		if i, err = d.living(p.Incident, "given a photo"); err != nil {
			return err
		}
		d.refs = nil
		p.Simulated = p.Simulated || i.Simulated
	default:
		return &Refusal{"photo " + string(p.ID), "of nothing", "kept", "name its alarm, mission or incident"}
	}
	if i != nil {
		p.Incident = i.ID
	}
	if n := d.s.countPhotos(p); n >= MaxPhotos {
		return fmt.Errorf("photo %s: %w: %s photos", p.ID, ErrFull, strconv.Itoa(n))
	}
	p.Mime, p.By, p.Text = "image/jpeg", cut(p.By), cut(p.Text)
	if p.Taken = d.or(p.Taken); p.Taken.After(d.now) {
		p.Taken = d.now
	}
	p.Received, p.Unrecorded = d.now, false
	p.Simulated = p.Simulated || d.s.Demo
	if err := d.emit(&PhotoAdded{Photo: p}); err != nil || p.From != FromCaller {
		return err
	}
	return d.say(ems.Message{ID: ems.MessageID("m-" + p.ID), Alarm: p.Alarm, From: FromCaller, Photo: p.ID, Sent: p.Taken})
}

// countPhotos counts those that share a photo's bound: of its alarm, of its mission, or of its incident taken in by desks.
func (s *State) countPhotos(p ems.Photo) int {
	n := 0
	for _, o := range s.Photos {
		if o.Alarm == p.Alarm && o.Mission == p.Mission && (p.Alarm != "" || p.Mission != "" || o.Incident == p.Incident) {
			n++
		}
	}
	return n
}

func (b *PhotoAdded) apply(s *State, _ journal.Event) error {
	p := b.Photo
	if s.Alarms[p.Alarm] == nil && s.Missions[p.Mission] == nil && s.Incidents[p.Incident] == nil {
		return fmt.Errorf("photo %q of nothing that is known", p.ID)
	}
	put(s, s.Photos, Photos, p.ID, &p)
	return nil
}

// photosOf gives the photos of an alarm to the incident that it became.
func (s *State) photosOf(a ems.AlarmID, i ems.IncidentID) {
	for _, id := range slices.Sorted(maps.Keys(s.Photos)) {
		if p := s.Photos[id]; p.Alarm == a && p.Incident != i {
			p.Incident = i
			s.touch(Photos, string(id))
		}
	}
}

// SeesPhoto says whether a hospital may see a photo: of a patient whom it sees, and no other (SCR-004).
func (s *State) SeesPhoto(h ems.HospitalID, p ems.PhotoID) bool {
	ph := s.Photos[p]
	return ph != nil && ph.Patient != "" && s.Sees(h, ph.Patient)
}

// callerAlarms are the alarms of a caller's page, newest first: the one that the secret names and those it follows.
func (s *State) callerAlarms(token string) []*ems.Alarm {
	var out []*ems.Alarm
	for a := s.Alarms[s.Tokens[token]]; a != nil && !slices.Contains(out, a); a = s.Alarms[ems.AlarmID(a.About)] {
		out = append(out, a)
	}
	return out
}

// CallerPhoto gives a photo that the caller whose secret has this digest took; nobody else's is reachable with it.
func (s *State) CallerPhoto(token string, id ems.PhotoID) (ems.Photo, bool) {
	p := s.Photos[id]
	if p == nil || p.From != FromCaller || s.LinkEnded(token) {
		return ems.Photo{}, false
	}
	for _, a := range s.callerAlarms(token) {
		if a.ID == p.Alarm {
			return *p, true
		}
	}
	return ems.Photo{}, false
}

// LinkEnded says whether a caller's link has ended: with the incident, or with an alarm that was closed without one.
func (s *State) LinkEnded(token string) bool {
	all := s.callerAlarms(token)
	if len(all) == 0 {
		return true
	}
	if all[0].State != ems.AlarmHandled {
		return false
	}
	for _, a := range all {
		if i := s.Incidents[a.Incident]; i != nil && !incident.Final(i.State) {
			return false
		}
	}
	return true
}

// Who took a photo, or wrote a message.
const (
	FromCaller = "caller"
	FromCrew   = "crew"
	FromDesk   = "desk"
)
