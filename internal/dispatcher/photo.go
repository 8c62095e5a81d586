package dispatcher

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/photo"
	"lifeline120/internal/store"
)

// photoKind is the kind of document that holds the bytes of photos, each under its SHA-256: the journal names that sum, so the chain
// covers them, and the same bytes stand once.
const photoKind = "photo"

// photoBody says whether a request brings a photo.
func photoBody(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/photos")
}

// refuse answers with a problem that a screen can say in its own words, before a request has come as far as the API.
func refuse(w http.ResponseWriter, status int, code, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"status": status, "title": http.StatusText(status), "detail": detail, "code": code})
}

// KeepPhoto keeps a photo: its bytes, cleaned of what the camera wrote beside the picture, and then the event that names them. The
// bytes are durable before the event, so that no event stands without them. p names who took it and what of; p.ID is its identity.
func (c *Centre) KeepPhoto(ctx context.Context, who desk.Actor, p ems.Photo, raw []byte) (ems.Photo, error) {
	if len(raw) > photo.MaxBytes {
		return p, fmt.Errorf("%w: %d bytes, at most %d", photo.ErrTooBig, len(raw), photo.MaxBytes)
	}
	clean, err := photo.Clean(raw)
	if err != nil {
		return p, err
	}
	sum := sha256.Sum256(clean.Bytes)
	p.Sum, p.Size, p.Width, p.Height = hex.EncodeToString(sum[:]), len(clean.Bytes), clean.Width, clean.Height
	ctx, cancel := context.WithTimeout(ctx, callPatience)
	defer cancel()
	cmd := desk.AddPhoto{Photo: p}
	known := false
	if lookErr := c.Look(ctx, func(s *desk.State) { // what would be refused is not stored first
		_, err = desk.Decide(s, now(), who, cmd)
		old := s.Photos[p.ID]
		known = old != nil && old.Sum == p.Sum
	}); lookErr != nil {
		return p, lookErr
	}
	if err != nil {
		return p, err
	}
	if !known {
		if err := c.cfg.Store.PutDoc(ctx, photoKind, p.Sum, clean.Bytes); err != nil {
			if errors.Is(err, store.ErrRefused) {
				return p, err
			}
			return p, fmt.Errorf("%w: keep the photo: %w", ErrBusy, err)
		}
	}
	return act[ems.Photo](ctx, c, who, desk.Photos, cmd)
}

// photoBytes reads a photo, and says so when what stands in the store is not what the journal names.
func (c *Centre) photoBytes(ctx context.Context, p ems.Photo) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, callPatience)
	defer cancel()
	b, err := c.cfg.Store.Doc(ctx, photoKind, p.Sum)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, ErrNotFound
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrBusy, err)
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != p.Sum {
		c.log.Error("a photo in the store is not the one that the journal names", "photo", p.ID)
		return nil, ErrNotFound
	}
	return b, nil
}

// photoID is the identity of a photo that a client named, as messageID is.
func photoID(scope, id string) ems.PhotoID {
	if len(id) == 32 && ems.CheckName(id) == nil {
		return ems.PhotoID("ph-" + id)
	}
	sum := sha256.Sum256([]byte(scope + "\n" + id))
	return ems.PhotoID("ph-" + hex.EncodeToString(sum[:12]))
}

type picture struct {
	Type  string `header:"Content-Type"`
	Cache string `header:"Cache-Control"`
	CSP   string `header:"Content-Security-Policy"`
	Body  []byte
}

func (c *Centre) picture(ctx context.Context, p ems.Photo) (*picture, error) {
	b, err := c.photoBytes(ctx, p)
	if err != nil {
		return nil, problem(err)
	}
	return &picture{"image/jpeg", "private, no-store", "default-src 'none'", b}, nil
}

// uploads is how many photos may be under way.
type uploads chan struct{}

// admit lets a photo's bytes in only for whom may bring one, and only so many at once: it is asked before they are read.
func (c *Centre) admit(api huma.API, may func(huma.Context) error, room uploads) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		err := may(ctx)
		if err == nil {
			select {
			case room <- struct{}{}:
				defer func() { <-room }()
				next(ctx)
				return
			default:
				err = ErrBusy
			}
		}
		p := problem(err)
		status, code := http.StatusServiceUnavailable, "busy"
		var cd *coded
		if errors.As(p, &cd) {
			status, code = cd.Status, cd.Code
		}
		b, _ := json.Marshal(map[string]any{"status": status, "title": http.StatusText(status), "detail": err.Error(), "code": code})
		ctx.SetHeader("Content-Type", "application/problem+json")
		ctx.SetStatus(status)
		_, _ = ctx.BodyWriter().Write(b)
	}
}

// link finds whose page a secret is: the alarm that it names. The link ends with the incident.
func (c *Centre) link(ctx context.Context, token string) (ems.AlarmID, error) {
	ctx, cancel := context.WithTimeout(ctx, callPatience)
	defer cancel()
	var id ems.AlarmID
	var err error
	lookErr := c.Look(ctx, func(s *desk.State) { id, err = linked(s, token) })
	return id, errors.Join(lookErr, err)
}

func linked(s *desk.State, token string) (ems.AlarmID, error) {
	id, ok := s.Tokens[digest(token)]
	switch {
	case !ok:
		return "", ErrNotFound
	case s.LinkEnded(digest(token)):
		return "", ErrEnded
	}
	return id, nil
}

// photos registers what brings and gives photos.
func (c *Centre) photos(api huma.API, get, post func(path, id, summary string) huma.Operation) {
	room := make(uploads, maxUploads)
	bring := func(path, id, summary string, may func(huma.Context) error) huma.Operation {
		op := post(path, id, summary)
		op.MaxBodyBytes, op.BodyReadTimeout = maxPhotoRequest, photoPatience
		op.Middlewares = huma.Middlewares{c.admit(api, may, room)}
		return op
	}
	give200 := func(op huma.Operation) huma.Operation {
		op.Responses = map[string]*huma.Response{"200": {Description: "the picture", Content: map[string]*huma.MediaType{
			"image/jpeg": {Schema: &huma.Schema{Type: "string", Format: "binary"}}}}}
		return op
	}
	huma.Register(api, bring("/api/v1/sos/{token}/photos", "add-caller-photo", "A photo of the caller: a JPEG of at most 512 KiB as the body",
		func(ctx huma.Context) error { _, err := c.link(ctx.Context(), ctx.Param("token")); return err }),
		func(ctx context.Context, in *struct {
			Token   string    `path:"token" maxLength:"64"`
			ID      string    `query:"id" minLength:"1" maxLength:"64" required:"true" doc:"client's own id of the photo: sent again, it changes nothing"`
			Taken   time.Time `query:"taken" doc:"on the server's clock, as the phone has measured it; now when not given"`
			RawBody []byte    `contentType:"image/jpeg"`
		}) (*answer[ems.Photo], error) {
			alarm, err := c.link(ctx, in.Token)
			if err != nil {
				return nil, problem(err)
			}
			p := ems.Photo{ID: photoID(digest(in.Token), in.ID), From: desk.FromCaller, Alarm: alarm, Taken: in.Taken}
			return give(c.KeepPhoto(ctx, desk.Actor{By: "caller", Role: "caller"}, p, in.RawBody))
		})
	huma.Register(api, bring("/api/v1/incidents/{id}/photos", "add-desk-photo", "A photo that reached a desk by another way", func(huma.Context) error { return nil }),
		func(ctx context.Context, in *struct {
			Who
			ID      string `path:"id" maxLength:"64"`
			Photo   string `query:"id" minLength:"1" maxLength:"64" required:"true" doc:"client's own id of the photo"`
			RawBody []byte `contentType:"image/jpeg"`
		}) (*answer[ems.Photo], error) {
			p := ems.Photo{ID: photoID(in.ID, in.Photo), From: desk.FromDesk, By: in.actor().By, Incident: ems.IncidentID(in.ID), Taken: now()}
			return give(c.KeepPhoto(ctx, in.actor(), p, in.RawBody))
		})
	huma.Register(api, give200(get("/api/v1/photos/{id}", "photo", "The bytes of a photo; for a hospital only of a patient whom it sees (SCR-004)")),
		func(ctx context.Context, in *struct {
			ID       ems.PhotoID    `path:"id" maxLength:"64"`
			Hospital ems.HospitalID `query:"hospital" maxLength:"64" doc:"the hospital that asks; none: a desk"`
		}) (*picture, error) {
			var p ems.Photo
			found := false
			err := c.Look(ctx, func(s *desk.State) {
				if ph := s.Photos[in.ID]; ph != nil && (in.Hospital == "" || s.SeesPhoto(in.Hospital, in.ID)) {
					p, found = *ph, true
				}
			})
			if err == nil && !found {
				err = ErrNotFound
			}
			if err != nil {
				return nil, problem(err)
			}
			return c.picture(ctx, p)
		})
	huma.Register(api, give200(get("/api/v1/sos/{token}/photos/{id}", "caller-photo", "A photo of the caller's own")),
		func(ctx context.Context, in *struct {
			Token string      `path:"token" maxLength:"64"`
			ID    ems.PhotoID `path:"id" maxLength:"64"`
		}) (*picture, error) {
			var p ems.Photo
			found := false
			err := c.Look(ctx, func(s *desk.State) { p, found = s.CallerPhoto(digest(in.Token), in.ID) })
			if err == nil && !found {
				err = ErrNotFound
			}
			if err != nil {
				return nil, problem(err)
			}
			return c.picture(ctx, p)
		})
}
