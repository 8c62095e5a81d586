package dispatcher

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/match"
	"lifeline120/internal/photo"
	"lifeline120/internal/store"
	"lifeline120/internal/wire"
)

const (
	maxRequest   = 64 << 10         // bytes of a request body (ACC-003)
	callPatience = 10 * time.Second // for the owner of the state to answer a request
)

// Who is who writes: the headers of every act of a person.
type Who struct {
	By   string `header:"X-By" required:"true" maxLength:"300" doc:"name of the person, percent-encoded UTF-8"`
	Desk string `header:"X-Desk" maxLength:"64" doc:"desk id"`
}

func (w Who) actor() desk.Actor {
	by, err := url.PathUnescape(w.By)
	if err != nil {
		by = w.By
	}
	return desk.Actor{By: by, Desk: ems.DeskID(w.Desk)}
}

type body[B any] struct {
	Who
	Body B
}

type target[B any] struct {
	Who
	ID   string `path:"id" maxLength:"64"`
	Body B
}

type noticeTarget[B any] struct {
	Who
	ID       string         `path:"id" maxLength:"64"`
	Hospital ems.HospitalID `query:"hospital" maxLength:"64" doc:"the hospital that acts; none: a desk"`
	Body     B
}

type answer[T any] struct {
	Status     int
	Unrecorded string `header:"Unrecorded"`
	Body       T
}

// give answers with what was done. What is done, and went out, but is not durable is 202 with the header Unrecorded: a desk must see
// its order as sent and 未落盘, not as failed (DLV-006).
func give[T any](v T, err error) (*answer[T], error) {
	switch {
	case errors.Is(err, ErrUnrecorded):
		return &answer[T]{http.StatusAccepted, "true", v}, nil
	case err != nil:
		return nil, problem(err)
	}
	return &answer[T]{Status: http.StatusOK, Body: v}, nil
}

// coded is a problem that a screen can say in its own words: Code is a key of its dictionary, Args what belongs into the sentence.
type coded struct {
	*huma.ErrorModel
	Code string            `json:"code"`
	Args map[string]string `json:"args,omitempty"`
}

func withCode(status int, code string, err error, args map[string]string, details ...error) error {
	m, ok := huma.NewError(status, err.Error(), details...).(*huma.ErrorModel)
	if !ok {
		return err
	}
	return &coded{m, code, args}
}

// problem turns an error into the answer that says what to do.
func problem(err error) error {
	var r *desk.Refusal
	switch {
	case errors.As(err, &r):
		return withCode(http.StatusConflict, "refused", err, map[string]string{"what": r.What, "from": r.From, "to": r.To, "why": r.Why}, &huma.ErrorDetail{Message: "as it stands", Location: "from", Value: r.From},
			&huma.ErrorDetail{Message: "as it was asked to be", Location: "to", Value: r.To})
	case errors.Is(err, photo.ErrNotJPEG):
		return withCode(http.StatusUnsupportedMediaType, "photo_not_jpeg", err, nil)
	case errors.Is(err, photo.ErrTooBig):
		return withCode(http.StatusRequestEntityTooLarge, "photo_too_big", err, nil)
	case errors.Is(err, desk.ErrFull):
		return withCode(http.StatusTooManyRequests, "full", err, nil)
	case errors.Is(err, desk.ErrTooFast):
		return withCode(http.StatusTooManyRequests, "too_fast", err, nil)
	case errors.Is(err, ErrEnded):
		return withCode(http.StatusGone, "link_ended", err, nil)
	case errors.Is(err, ErrNotFound), errors.Is(err, desk.ErrNotKnown):
		return withCode(http.StatusNotFound, "not_found", err, nil)
	case errors.Is(err, ErrStopping):
		return withCode(http.StatusServiceUnavailable, "stopping", err, nil)
	case errors.Is(err, ErrBusy), errors.Is(err, context.DeadlineExceeded):
		return withCode(http.StatusServiceUnavailable, "busy", err, nil)
	case errors.Is(err, store.ErrRefused):
		return withCode(http.StatusInternalServerError, "store_refused", err, nil)
	}
	return err
}

// act carries out a command and reads what it made: the entity that it refers to first, or the first of collection.
func act[T any](ctx context.Context, c *Centre, who desk.Actor, coll desk.Collection, cmd desk.Command) (T, error) {
	return actOn[T](ctx, c, who, coll, func(*desk.State, time.Time) (desk.Command, error) { return cmd, nil })
}

func actOn[T any](ctx context.Context, c *Centre, who desk.Actor, coll desk.Collection, make func(*desk.State, time.Time) (desk.Command, error)) (T, error) {
	var v T
	ctx, cancel := context.WithTimeout(ctx, callPatience)
	defer cancel()
	r, err := c.Do(ctx, who, make)
	if err != nil && !errors.Is(err, ErrUnrecorded) {
		return v, err
	}
	v, pickErr := pick[T](r, coll)
	return v, cmp.Or(pickErr, err)
}

func pick[T any](r Result, coll desk.Collection) (T, error) {
	var v T
	for i, ref := range r.Refs {
		if ref.C == coll && r.Values[i] != nil {
			return v, json.Unmarshal(r.Values[i], &v)
		}
	}
	return v, nil
}

// secretDoc is where the key that callers' secrets are made with is kept.
const secretKind, secretID = "dispatcher", "caller-key"

// callerToken is the caller's secret: the same page has the same, so that a press sent again finds its alarm.
func (c *Centre) callerToken(session string) string {
	h := hmac.New(sha256.New, c.secret)
	h.Write([]byte(session))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(h.Sum(nil)[:16]))
}

// digest is what is kept of a caller's secret.
func digest(token string) string {
	s := sha256.Sum256([]byte(token))
	return hex.EncodeToString(s[:])
}

// cut bounds a text of a caller without refusing it.
func cut(s string, runes int) string {
	for i := range s {
		if runes--; runes < 0 {
			return s[:i]
		}
	}
	return s
}

// placeOrNone takes a place from outside: one that is no place on Earth is none, and the alarm sounds without (ALM-001).
func placeOrNone(p *ems.Place) *ems.Place {
	if p == nil {
		return nil
	}
	q := *p
	if q.Pos != nil && !q.Pos.Valid() {
		q.Pos = nil
	}
	if q.AccuracyM < 0 || q.AccuracyM > 1e6 {
		q.AccuracyM = 0
	}
	q.Address = cut(q.Address, 300)
	switch q.Source {
	case "gps", "last_fix", "cell", "manual", "address":
	default:
		q.Source = ""
	}
	return &q
}

// Caller raises the alarm of a caller's page and answers when it is stored (ALM-003), or with ErrUnrecorded. session names the page, so that one page's
// presses count on one alarm; without one each press stands alone.
func (c *Centre) Caller(ctx context.Context, in wire.CallerAlarm, session string) (wire.AlarmAnswer, error) {
	if in.PressID == "" {
		in.PressID = c.newID("press")
	}
	in.PressID = cut(in.PressID, 64)
	origin := ""
	if ems.CheckName(session) != nil {
		session = digest(in.PressID)[:16]
		if from := originOf(ctx); from != "" {
			origin = "net-" + from
		}
	}
	token := c.callerToken(session)
	a, err := actOn[ems.Alarm](ctx, c, desk.Actor{By: "caller", Role: "caller"}, desk.Alarms, func(s *desk.State, t time.Time) (desk.Command, error) {
		return desk.RaiseAlarm{Alarm: ems.AlarmID(c.newID("a")), Kind: ems.CallerAlarm, PressID: in.PressID, Source: "page-" + session, Token: digest(token),
			Who: oneOf(in.Who, "self", "relative", "stranger"), Phone: cut(in.Phone, 32), Text: cut(in.Text, 1000), Place: placeOrNone(in.Place),
			Pressed: pressed(in.Pressed, in.OffsetMs, t), Origin: origin, Form: formOf(ctx), Simulated: s.Demo}, nil
	})
	return alarmAnswer(a, token, err)
}

// alarmAnswer calls an alarm stored only when it is (ALM-003). One that a desk hears while the store is silent is unrecorded: its page
// goes on sending, and says nothing of received.
func alarmAnswer(a ems.Alarm, token string, err error) (wire.AlarmAnswer, error) {
	switch {
	case err == nil:
		return wire.AlarmAnswer{Alarm: a.ID, State: "stored", Token: token}, nil
	case errors.Is(err, ErrUnrecorded):
		return wire.AlarmAnswer{Alarm: a.ID, State: "unrecorded", Token: token}, err
	}
	return wire.AlarmAnswer{}, err
}

func oneOf(s string, allowed ...string) string {
	for _, a := range allowed {
		if s == a {
			return s
		}
	}
	return ""
}

// pressed is when a key was pressed, on the server's clock. A phone's clock is believed within a day: an old press is told as old.
func pressed(at *time.Time, offsetMs *float64, t time.Time) time.Time {
	if at == nil || at.IsZero() {
		return t
	}
	p := *at
	if offsetMs != nil && *offsetMs > -1e12 && *offsetMs < 1e12 {
		p = p.Add(-time.Duration(*offsetMs * float64(time.Millisecond)))
	}
	if p.After(t) || t.Sub(p) > 24*time.Hour {
		return t
	}
	return p
}

// routes registers every operation of the API.
func (c *Centre) routes(api huma.API) {
	op := func(method, path, id, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, MaxBodyBytes: maxRequest, BodyReadTimeout: 10 * time.Second,
			Tags: []string{strings.Split(strings.TrimPrefix(path, "/api/v1/"), "/")[0]}}
	}
	get := func(path, id, summary string) huma.Operation { return op(http.MethodGet, path, id, summary) }
	post := func(path, id, summary string) huma.Operation { return op(http.MethodPost, path, id, summary) }
	// An alarm is never refused for its form (ALM-001): tolerant has left out what is wrong in it.
	lenient := func(o huma.Operation) huma.Operation { o.SkipValidateBody = true; return o }

	huma.Register(api, get("/api/v1/time", "time", "The server's clock"), func(context.Context, *struct{}) (*answer[wire.ServerTime], error) {
		return give(wire.ServerTime{ServerUs: now().UnixMicro()}, nil)
	})
	huma.Register(api, get("/api/v1/about", "about", "What this server is"), func(ctx context.Context, _ *struct{}) (*answer[wire.About], error) {
		about := c.About()
		if public, _ := ctx.Value(fromPublic{}).(bool); !public { // the number is the desks'; callers' pages get it neither here nor in the feed's welcome
			about.DutyPhone = c.cfg.City.DutyPhone
		}
		return give(about, nil)
	})

	// Callers and devices.
	huma.Register(api, lenient(post("/api/v1/alarms/caller", "raise-caller-alarm", "The caller's one key; answered when it is stored (ALM-003)")),
		func(ctx context.Context, in *struct {
			Session string `header:"X-Desk" doc:"names the page: its presses count on one alarm"`
			Body    wire.CallerAlarm
		}) (*answer[wire.AlarmAnswer], error) {
			return give(c.Caller(ctx, in.Body, in.Session))
		})
	huma.Register(api, lenient(post("/api/v1/sos/{token}/press", "press-again", "A further press of the caller's key")),
		func(ctx context.Context, in *struct {
			Token string `path:"token" maxLength:"64"`
			Body  wire.PressBody
		}) (*answer[wire.AlarmAnswer], error) {
			if in.Body.PressID == "" {
				in.Body.PressID = c.newID("press")
			}
			a, err := actOn[ems.Alarm](ctx, c, desk.Actor{By: "caller", Role: "caller"}, desk.Alarms, func(s *desk.State, t time.Time) (desk.Command, error) {
				if _, ok := s.Tokens[digest(in.Token)]; !ok {
					return nil, ErrNotFound
				}
				return desk.PressAgain{Token: digest(in.Token), NewAlarm: ems.AlarmID(c.newID("a")), PressID: cut(in.Body.PressID, 64),
					Place: placeOrNone(in.Body.Place), Pressed: t, Form: formOf(ctx)}, nil
			})
			return give(alarmAnswer(a, in.Token, err))
		})
	huma.Register(api, lenient(post("/api/v1/sos/{token}/detail", "add-detail", "What the caller adds")),
		func(ctx context.Context, in *struct {
			Token string `path:"token" maxLength:"64"`
			Body  wire.CallerDetail
		}) (*answer[wire.Done], error) {
			_, err := actOn[ems.Alarm](ctx, c, desk.Actor{By: "caller", Role: "caller"}, desk.Alarms, func(s *desk.State, _ time.Time) (desk.Command, error) {
				id, err := linked(s, in.Token)
				if err != nil {
					return nil, err
				}
				return desk.AddDetail{Act: desk.Act{Req: cut(in.Body.ID, 64)}, Alarm: id, Text: cut(in.Body.Text, 1000), Phone: cut(in.Body.Phone, 32), Place: placeOrNone(in.Body.Place)}, nil
			})
			return give(wire.Done{OK: true}, err)
		})
	huma.Register(api, get("/api/v1/sos/{token}", "caller-view", "The caller's own page"), func(ctx context.Context, in *struct {
		Token string `path:"token" maxLength:"64"`
	}) (*answer[wire.CallerView], error) {
		var v wire.CallerView
		var err error
		if lookErr := c.Look(ctx, func(*desk.State) { v, err = c.caller(in.Token) }); lookErr != nil {
			err = lookErr
		}
		return give(v, err)
	})
	huma.Register(api, lenient(post("/api/v1/alarms/device", "raise-device-alarm", "The alarm of a device")),
		func(ctx context.Context, in *struct{ Body wire.DeviceAlarm }) (*answer[wire.AlarmAnswer], error) {
			b := in.Body
			if b.PressID == "" {
				b.PressID = c.newID("press")
			}
			a, err := actOn[ems.Alarm](ctx, c, desk.Actor{By: cut(b.Device, 64), Role: "caller"}, desk.Alarms, func(s *desk.State, t time.Time) (desk.Command, error) {
				return desk.RaiseAlarm{Alarm: ems.AlarmID(c.newID("a")), Kind: ems.DeviceAlarm, PressID: cut(b.PressID, 64), Source: "device-" + cut(b.Device, 64),
					Phone: cut(b.Phone, 32), Text: cut(b.Text, 1000), Place: placeOrNone(b.Place), Pressed: pressed(b.Pressed, nil, t), Form: formOf(ctx),
					Simulated: s.Demo}, nil
			})
			return give(alarmAnswer(a, "", err))
		})

	// Alarms at the desk.
	huma.Register(api, post("/api/v1/alarms/{id}/ack", "ack-alarm", "Acknowledge and silence, by name"),
		func(ctx context.Context, in *target[wire.Act]) (*answer[ems.Alarm], error) {
			return give(act[ems.Alarm](ctx, c, in.actor(), desk.Alarms, desk.AckAlarm{Act: req(in.Body), Alarm: ems.AlarmID(in.ID)}))
		})
	huma.Register(api, post("/api/v1/alarms/{id}/take", "take-alarm", "Make an alarm one's own"),
		func(ctx context.Context, in *target[wire.Act]) (*answer[ems.Alarm], error) {
			return give(act[ems.Alarm](ctx, c, in.actor(), desk.Alarms, desk.TakeAlarm{Act: req(in.Body), Alarm: ems.AlarmID(in.ID)}))
		})
	huma.Register(api, post("/api/v1/alarms/{id}/close", "close-alarm", "Handle an alarm with a reason"),
		func(ctx context.Context, in *target[wire.ReasonBody]) (*answer[ems.Alarm], error) {
			return give(act[ems.Alarm](ctx, c, in.actor(), desk.Alarms, desk.CloseAlarm{Act: req(in.Body.Act), Alarm: ems.AlarmID(in.ID), Reason: in.Body.Reason}))
		})
	huma.Register(api, post("/api/v1/alarms/{id}/merge", "merge-alarm", "Handle an alarm by an incident that stands"),
		func(ctx context.Context, in *target[wire.MergeBody]) (*answer[ems.Alarm], error) {
			return give(act[ems.Alarm](ctx, c, in.actor(), desk.Alarms, desk.MergeAlarm{Act: req(in.Body.Act), Alarm: ems.AlarmID(in.ID), Incident: in.Body.Incident}))
		})

	// Incidents.
	huma.Register(api, post("/api/v1/incidents", "open-incident", "Open an incident; an alarm given is handled by it"),
		func(ctx context.Context, in *body[wire.IncidentBody]) (*answer[ems.Incident], error) {
			b := in.Body
			if b.Type == "" {
				b.Type = ems.Emergency
			}
			if b.Priority == "" {
				b.Priority = ems.PriorityB
			}
			return give(actOn[ems.Incident](ctx, c, in.actor(), desk.Incidents, func(s *desk.State, _ time.Time) (desk.Command, error) {
				return desk.OpenIncident{Act: req(b.Act), Incident: ems.IncidentID(c.newID("i")), Alarm: b.Alarm, Type: b.Type, Priority: b.Priority,
					Place: placeOrNone(b.Place), Complaint: b.Complaint, Pathway: b.Pathway, Phone: b.Phone, Simulated: s.Demo}, nil
			}))
		})
	huma.Register(api, post("/api/v1/incidents/{id}/change", "change-incident", "Change what is given"),
		func(ctx context.Context, in *target[wire.IncidentChange]) (*answer[ems.Incident], error) {
			b := in.Body
			return give(act[ems.Incident](ctx, c, in.actor(), desk.Incidents, desk.ChangeIncident{Act: req(b.Act), Incident: ems.IncidentID(in.ID), Type: b.Type,
				Priority: b.Priority, Place: placeOrNone(b.Place), Complaint: b.Complaint, Pathway: b.Pathway, Phone: b.Phone}))
		})
	huma.Register(api, post("/api/v1/incidents/{id}/close", "close-incident", "Close an incident"),
		func(ctx context.Context, in *target[wire.ReasonBody]) (*answer[ems.Incident], error) {
			return give(act[ems.Incident](ctx, c, in.actor(), desk.Incidents, desk.CloseIncident{Act: req(in.Body.Act), Incident: ems.IncidentID(in.ID), Reason: in.Body.Reason}))
		})
	huma.Register(api, post("/api/v1/incidents/{id}/cancel", "cancel-incident", "Cancel an incident and recall its missions"),
		func(ctx context.Context, in *target[wire.ReasonBody]) (*answer[ems.Incident], error) {
			return give(act[ems.Incident](ctx, c, in.actor(), desk.Incidents, desk.CancelIncident{Act: req(in.Body.Act), Incident: ems.IncidentID(in.ID), Reason: in.Body.Reason}))
		})
	huma.Register(api, post("/api/v1/incidents/{id}/merge", "merge-incident", "Merge an incident into another that stands"),
		func(ctx context.Context, in *target[wire.MergeBody]) (*answer[ems.Incident], error) {
			return give(act[ems.Incident](ctx, c, in.actor(), desk.Incidents, desk.MergeIncident{Act: req(in.Body.Act), Incident: ems.IncidentID(in.ID), Into: in.Body.Incident}))
		})
	huma.Register(api, post("/api/v1/incidents/{id}/calls", "call-again", "A further call about an incident"),
		func(ctx context.Context, in *target[wire.CallAgainBody]) (*answer[ems.Incident], error) {
			return give(act[ems.Incident](ctx, c, in.actor(), desk.Incidents, desk.AddCall{Act: req(in.Body.Act), Incident: ems.IncidentID(in.ID), Phone: in.Body.Phone, Text: in.Body.Text}))
		})
	huma.Register(api, post("/api/v1/incidents/{id}/recommend", "recommend", "Rank the units for an incident; stored (DSP-002)"),
		func(ctx context.Context, in *target[wire.Act]) (*answer[wire.Recommendation], error) {
			return give(actOn[wire.Recommendation](ctx, c, in.actor(), desk.Recommendations, func(s *desk.State, t time.Time) (desk.Command, error) {
				q, err := c.question(s, c.newID("r"), ems.IncidentID(in.ID), t)
				return desk.StoreRecommendation{Act: req(in.Body), Recommendation: match.Recommend(q)}, err
			}))
		})
	huma.Register(api, post("/api/v1/incidents/{id}/dispatch", "dispatch", "Send a unit: a mission and its order"),
		func(ctx context.Context, in *target[wire.DispatchBody]) (*answer[wire.Dispatched], error) {
			b := in.Body
			ctx, cancel := context.WithTimeout(ctx, callPatience)
			defer cancel()
			r, err := c.Do(ctx, in.actor(), func(*desk.State, time.Time) (desk.Command, error) {
				return desk.Dispatch{Act: req(b.Act), Incident: ems.IncidentID(in.ID), Unit: b.Unit, Mission: ems.MissionID(c.newID("m")), Order: ems.OrderID(c.newID("o")),
					Recommendation: b.Recommendation, LastResort: b.LastResort, Text: b.Text}, nil
			})
			var d wire.Dispatched
			var e1, e2 error
			d.Mission, e1 = pick[ems.Mission](r, desk.Missions)
			d.Order, e2 = pick[ems.Order](r, desk.Orders)
			return give(d, cmp.Or(e1, e2, err))
		})

	// Missions, orders, patients.
	mission := func(path, id, summary string, cmd func(ems.MissionID, wire.ReasonBody) desk.Command) {
		huma.Register(api, post("/api/v1/missions/{id}/"+path, id, summary), func(ctx context.Context, in *target[wire.ReasonBody]) (*answer[ems.Mission], error) {
			return give(act[ems.Mission](ctx, c, in.actor(), desk.Missions, cmd(ems.MissionID(in.ID), in.Body)))
		})
	}
	mission("choice-reason", "explain-choice", "Why another unit than the first was sent", func(id ems.MissionID, b wire.ReasonBody) desk.Command {
		return desk.ExplainChoice{Act: req(b.Act), Mission: id, Reason: b.Reason}
	})
	mission("recall", "recall-mission", "Call a unit back", func(id ems.MissionID, b wire.ReasonBody) desk.Command {
		return desk.RecallMission{Act: req(b.Act), Mission: id, Reason: b.Reason}
	})
	mission("abort", "abort-mission", "End a mission that cannot go on", func(id ems.MissionID, b wire.ReasonBody) desk.Command {
		return desk.AbortMission{Act: req(b.Act), Mission: id, Reason: b.Reason}
	})
	huma.Register(api, post("/api/v1/missions/{id}/nodes", "set-node", "Set or correct a node from a desk"),
		func(ctx context.Context, in *target[wire.NodeBody]) (*answer[ems.Mission], error) {
			b := in.Body
			cmd := desk.SetNode{Act: req(b.Act), Mission: ems.MissionID(in.ID), Node: b.Node, Stood: b.Stood, Correction: b.Correction, Reason: b.Reason}
			if b.At != nil {
				cmd.At = b.At.UTC()
			}
			return give(act[ems.Mission](ctx, c, in.actor(), desk.Missions, cmd))
		})
	huma.Register(api, post("/api/v1/missions/{id}/destination", "set-destination", "Name the hospital and tell it"),
		func(ctx context.Context, in *target[wire.DestinationBody]) (*answer[wire.NoticeAnswer], error) {
			b := in.Body
			n, err := act[ems.Notice](ctx, c, in.actor(), desk.Notices, desk.SetDestination{Act: req(b.Act), Mission: ems.MissionID(in.ID), Hospital: b.Hospital,
				Notice: ems.NoticeID(c.newID("n")), Pathway: b.Pathway, Text: b.Text, Ranking: c.rankings.shown(b.Ranking)})
			return give(wire.NoticeAnswer{Notice: n}, err)
		})
	huma.Register(api, post("/api/v1/missions/{id}/patients", "add-patient", "Add a patient to a mission"),
		func(ctx context.Context, in *target[wire.PatientBody]) (*answer[ems.Patient], error) {
			b := in.Body
			return give(act[ems.Patient](ctx, c, in.actor(), desk.Patients, desk.AddPatient{Act: req(b.Act), Mission: ems.MissionID(in.ID),
				Patient: ems.PatientID(c.newID("p")), Name: b.Name, Sex: b.Sex, AgeYears: b.AgeYears}))
		})
	huma.Register(api, post("/api/v1/patients/{id}", "change-patient", "Change a patient"),
		func(ctx context.Context, in *target[wire.PatientBody]) (*answer[ems.Patient], error) {
			b := in.Body
			return give(act[ems.Patient](ctx, c, in.actor(), desk.Patients, desk.ChangePatient{Act: req(b.Act), Patient: ems.PatientID(in.ID), Name: b.Name, Sex: b.Sex, AgeYears: b.AgeYears}))
		})
	huma.Register(api, post("/api/v1/orders/{id}/voice", "accept-by-voice", "Enter an acceptance given by voice, with the name (DLV-005)"),
		func(ctx context.Context, in *target[wire.VoiceBody]) (*answer[ems.Order], error) {
			return give(act[ems.Order](ctx, c, in.actor(), desk.Orders, desk.AcceptByVoice{Act: req(in.Body.Act), Order: ems.OrderID(in.ID), Name: in.Body.Name}))
		})
	huma.Register(api, post("/api/v1/orders/{id}/withdraw", "withdraw-order", "Take an order back"),
		func(ctx context.Context, in *target[wire.ReasonBody]) (*answer[ems.Order], error) {
			return give(act[ems.Order](ctx, c, in.actor(), desk.Orders, desk.WithdrawOrder{Act: req(in.Body.Act), Order: ems.OrderID(in.ID), Reason: in.Body.Reason}))
		})

	// Notices.
	notice := func(path, summary string, to ems.NoticeState) {
		huma.Register(api, post("/api/v1/notices/{id}/"+path, path+"-notice", summary), func(ctx context.Context, in *noticeTarget[wire.Act]) (*answer[ems.Notice], error) {
			return give(c.moveNotice(ctx, in.Who, in.ID, in.Hospital, wire.ReasonBody{Act: in.Body}, to))
		})
	}
	notice("seen", "A notice was seen", ems.NoticeSeen)
	notice("accept", "A notice is accepted", ems.NoticeAccepted)
	refusal := func(path, summary string, to ems.NoticeState) {
		huma.Register(api, post("/api/v1/notices/{id}/"+path, path+"-notice", summary), func(ctx context.Context, in *noticeTarget[wire.ReasonBody]) (*answer[ems.Notice], error) {
			return give(c.moveNotice(ctx, in.Who, in.ID, in.Hospital, in.Body, to))
		})
	}
	refusal("reject", "A notice is rejected, with a reason; it cancels nothing (CLN-004)", ems.NoticeRejected)
	refusal("withdraw", "A notice is withdrawn, with a reason", ems.NoticeWithdrawn)

	// Units and desks.
	huma.Register(api, post("/api/v1/units/{id}/duty", "set-duty", "Whether a unit is fit for duty"),
		func(ctx context.Context, in *target[wire.DutyBody]) (*answer[ems.UnitView], error) {
			b := in.Body
			return give(act[ems.UnitView](ctx, c, in.actor(), desk.Units, desk.SetDuty{Act: req(b.Act), Unit: ems.UnitID(in.ID), Duty: b.Duty, Reason: b.Reason, Crew: b.Crew,
				ShiftEnds: b.ShiftEnds}))
		})
	huma.Register(api, post("/api/v1/desks/{id}/log-on", "log-on", "Sit down at a desk"),
		func(ctx context.Context, in *target[wire.LogOnBody]) (*answer[ems.Desk], error) {
			return give(act[ems.Desk](ctx, c, in.at(in.ID), desk.Desks, desk.LogOn{Act: req(in.Body.Act), Desk: ems.DeskID(in.ID), Role: in.Body.Role}))
		})
	huma.Register(api, post("/api/v1/desks/{id}/log-off", "log-off", "Leave a desk"),
		func(ctx context.Context, in *target[wire.Act]) (*answer[ems.Desk], error) {
			return give(act[ems.Desk](ctx, c, in.at(in.ID), desk.Desks, desk.LogOff{Act: req(in.Body), Desk: ems.DeskID(in.ID)}))
		})
	huma.Register(api, post("/api/v1/desks/{id}/call", "set-on-call", "Whether a desk is on a live call (ALM-005)"),
		func(ctx context.Context, in *target[wire.CallBody]) (*answer[ems.Desk], error) {
			return give(act[ems.Desk](ctx, c, in.at(in.ID), desk.Desks, desk.SetOnCall{Act: req(in.Body.Act), Desk: ems.DeskID(in.ID), On: in.Body.On}))
		})

	huma.Register(api, post("/api/v1/desks/{id}/attention", "set-attention", "What a desk has open now, for the other desks; said again every 20 s"),
		func(ctx context.Context, in *target[wire.AttentionBody]) (*answer[wire.Done], error) {
			return give(wire.Done{OK: true}, c.attend(ctx, in.at(in.ID), in.Body))
		})

	huma.Register(api, get("/api/v1/hospitals", "hospitals", "Receiving hospitals"), list[ems.Hospital](c, desk.Hospitals))
	huma.Register(api, get("/api/v1/stations", "stations", "Ambulance stations"), list[ems.Station](c, desk.Stations))
	huma.Register(api, get("/api/v1/units", "units", "Units with age and state"), list[ems.UnitView](c, desk.Units))
	huma.Register(api, get("/api/v1/aeds", "aeds", "Defibrillators that anyone may take"), c.aeds)
	huma.Register(api, get("/api/v1/missions/{id}/route", "mission-route", "The way by road of a unit that is on its way"), func(ctx context.Context, in *struct {
		ID       string         `path:"id" maxLength:"64"`
		Hospital ems.HospitalID `query:"hospital" maxLength:"64" doc:"a hospital's page names itself: of others' patients it is told nothing (SCR-004)"`
	}) (*answer[wire.Route], error) {
		ctx, cancel := context.WithTimeout(ctx, callPatience)
		defer cancel()
		return give(c.route(ctx, ems.MissionID(in.ID), in.Hospital))
	})
	huma.Register(api, get("/api/v1/arrivals", "arrivals", "What was foretold of the missions that the centre still holds, and what came"),
		func(ctx context.Context, _ *struct{}) (*answer[wire.Arrivals], error) {
			return give(c.foretoldAndCame(ctx))
		})
	huma.Register(api, get("/api/v1/map", "map", "What the base map is, and in which datum (GEO-001)"), c.mapInfo)
	c.findPlaces(api, get)
	c.closures(api, get, post)
	c.reach(api, get)
	c.history(api, get)
	c.photos(api, get, post)
	c.talk(api, post, lenient)
	c.clinical(api, get, post)
	c.chooseHospitals(api, get, post)
	shared(api)
}

func req(a wire.Act) desk.Act { return desk.Act{Req: a.ID} }

// at is the actor at the desk that the path names.
func (w Who) at(d string) desk.Actor {
	a := w.actor()
	a.Desk = ems.DeskID(d)
	return a
}

func list[T any](c *Centre, coll desk.Collection) func(context.Context, *struct{}) (*answer[[]T], error) {
	return func(ctx context.Context, _ *struct{}) (*answer[[]T], error) {
		out := []T{}
		var raw []json.RawMessage
		err := c.Look(ctx, func(*desk.State) {
			for _, k := range c.keys(coll) {
				if r := (desk.Ref{C: coll, K: k}); c.recorded(r) {
					raw = append(raw, c.value(r))
				}
			}
		})
		for _, b := range raw {
			var v T
			if err == nil {
				err = json.Unmarshal(b, &v)
			}
			out = append(out, v)
		}
		return give(out, err)
	}
}

func (c *Centre) moveNotice(ctx context.Context, w Who, id string, h ems.HospitalID, b wire.ReasonBody, to ems.NoticeState) (ems.Notice, error) {
	who := w.actor()
	if h != "" {
		who.Role = "hospital"
	}
	return act[ems.Notice](ctx, c, who, desk.Notices, desk.MoveNotice{Act: req(b.Act), Notice: ems.NoticeID(id), Hospital: h, To: to, Reason: b.Reason})
}

// shared puts the types of the feed and of the terminal beside those of the operations, so that the screens have them all from one page.
func shared(api huma.API) {
	for _, v := range []any{wire.ClientFrame{}, wire.WelcomeFrame{}, wire.SnapFrame{}, wire.DeltaFrame{}, wire.PingFrame{}, wire.PongFrame{}, wire.RefusedFrame{},
		wire.Collections{}, wire.TerminalSOS{}, wire.TerminalSOSAnswer{}, wire.OrderAnswerBody{}, wire.TerminalNode{}, wire.TerminalDestination{}, wire.TerminalAssess{}, wire.TerminalRanking{},
		wire.TerminalNote{}, wire.TerminalPhoto{}, wire.BindingBody{}, wire.BindingAnswer{}, wire.MonitorCommand{}, wire.Handover{}, wire.HandoverAnswer{}} {
		api.OpenAPI().Components.Schemas.Schema(reflect.TypeOf(v), true, "")
	}
}
