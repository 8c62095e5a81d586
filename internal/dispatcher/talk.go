package dispatcher

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/wire"
)

// messageID is the identity of a message that a client named. An id of 128 random bits stands as it is, so that the client knows its
// own message again; a shorter one is made the scope's own, so that nobody can take another's.
func messageID(scope, id string) ems.MessageID {
	if len(id) == 32 && ems.CheckName(id) == nil {
		return ems.MessageID("ms-" + id)
	}
	sum := sha256.Sum256([]byte(scope + "\n" + id))
	return ems.MessageID("ms-" + hex.EncodeToString(sum[:12]))
}

// ofPhone is the actor of what comes from a caller's page.
var ofPhone = desk.Actor{By: "caller", Role: "caller"}

func (c *Centre) ofCaller(ctx context.Context, token string, make func(ems.AlarmID) desk.Command) (*answer[wire.Done], error) {
	ctx, cancel := context.WithTimeout(ctx, callPatience)
	defer cancel()
	_, err := c.Do(ctx, ofPhone, func(s *desk.State, _ time.Time) (desk.Command, error) {
		id, err := linked(s, token)
		if err != nil {
			return nil, err
		}
		return make(id), nil
	})
	return give(wire.Done{OK: err == nil}, err)
}

func orNone(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// talk registers what callers and desks say to each other.
func (c *Centre) talk(api huma.API, post func(path, id, summary string) huma.Operation, lenient func(huma.Operation) huma.Operation) {
	huma.Register(api, post("/api/v1/sos/{token}/messages", "caller-says", "A message of the caller; answered when it is stored"),
		func(ctx context.Context, in *struct {
			Token string `path:"token" maxLength:"64"`
			Body  wire.CallerSays
		}) (*answer[wire.Done], error) {
			b := in.Body
			return c.ofCaller(ctx, in.Token, func(id ems.AlarmID) desk.Command {
				return desk.Say{Message: ems.Message{ID: messageID(digest(in.Token), b.ID), Alarm: id, From: desk.FromCaller, Text: b.Text, Sent: orNone(b.At)}}
			})
		})
	huma.Register(api, lenient(post("/api/v1/sos/{token}/place", "caller-place", "The caller says that the place is another; both values stay")),
		func(ctx context.Context, in *struct {
			Token string `path:"token" maxLength:"64"`
			Body  wire.CallerPlace
		}) (*answer[wire.Done], error) {
			b := in.Body
			place := placeOrNone(&b.Place)
			return c.ofCaller(ctx, in.Token, func(id ems.AlarmID) desk.Command {
				return desk.CorrectPlace{Alarm: id, ID: messageID(digest(in.Token), cut(b.ID, 64)), Place: *place, Elsewhere: b.Elsewhere, Sent: orNone(b.At)}
			})
		})
	huma.Register(api, post("/api/v1/sos/{token}/read", "caller-read", "The caller's page has shown messages of the centre"),
		func(ctx context.Context, in *struct {
			Token string `path:"token" maxLength:"64"`
			Body  wire.ReadBody
		}) (*answer[wire.Done], error) {
			ctx, cancel := context.WithTimeout(ctx, callPatience)
			defer cancel()
			_, err := c.Do(ctx, ofPhone, func(s *desk.State, _ time.Time) (desk.Command, error) {
				if _, err := linked(s, in.Token); err != nil {
					return nil, err
				}
				a, ok := s.CallerMessage(digest(in.Token), in.Body.UpTo)
				if !ok {
					return nil, ErrNotFound
				}
				return desk.ReadTalk{Alarm: a, From: desk.FromDesk, UpTo: in.Body.UpTo}, nil
			})
			return give(wire.Done{OK: err == nil}, err)
		})
	huma.Register(api, post("/api/v1/alarms/{id}/messages", "say-to-caller", "A message to the caller's page: words, a first-aid card, or both"),
		func(ctx context.Context, in *target[wire.SayBody]) (*answer[ems.Message], error) {
			b := in.Body
			id := messageID("desk-"+in.ID, b.ID)
			if b.ID == "" {
				id = ems.MessageID(c.newID("ms"))
			}
			return give(act[ems.Message](ctx, c, in.actor(), desk.Talk, desk.Say{Message: ems.Message{ID: id, Alarm: ems.AlarmID(in.ID), From: desk.FromDesk,
				Text: b.Text, Card: b.Card}}))
		})
	huma.Register(api, post("/api/v1/alarms/{id}/read", "read-caller", "A person at a desk has the caller's messages open, up to one"),
		func(ctx context.Context, in *target[wire.ReadBody]) (*answer[ems.Alarm], error) {
			return give(act[ems.Alarm](ctx, c, in.actor(), desk.Alarms, desk.ReadTalk{Alarm: ems.AlarmID(in.ID), From: desk.FromCaller, UpTo: in.Body.UpTo}))
		})
}
