package dispatcher

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/wire"
)

// An alarm is never refused for its form (ALM-001): what of it can be read is taken, field by field, and what cannot is left out and
// named in the alarm's own lines. Only the length is bounded: what is beyond it is not read.

// formKey finds, in the context of a request that raises an alarm, what was wrong with its form.
type formKey struct{}

// formOf says what was wrong with the form of an alarm; "" when nothing was.
func formOf(ctx context.Context) string {
	s, _ := ctx.Value(formKey{}).(string)
	return s
}

// originKey finds where a request came from.
type originKey struct{}

// originOf names the network address that a request came from; "" in process.
func originOf(ctx context.Context) string {
	s, _ := ctx.Value(originKey{}).(string)
	return s
}

// alarmBody gives the body that a path takes, when it is one that raises an alarm.
func alarmBody(r *http.Request) any {
	p := r.URL.Path
	switch {
	case r.Method != http.MethodPost:
	case p == "/api/v1/alarms/caller":
		return &wire.CallerAlarm{}
	case p == "/api/v1/alarms/device":
		return &wire.DeviceAlarm{}
	case strings.HasPrefix(p, "/api/v1/sos/") && strings.HasSuffix(p, "/press"):
		return &wire.PressBody{}
	}
	return nil
}

// tolerant rewrites a request that raises an alarm, so that nothing after it can find fault with its form.
func tolerant(r *http.Request, into any) *http.Request {
	raw, readErr := io.ReadAll(io.LimitReader(r.Body, maxRequest)) // a body that breaks off is still a press
	whole := readErr == nil
	if extra, _ := r.Body.Read(make([]byte, 1)); extra > 0 {
		whole = false
	}
	faults := decode(raw, r.Header.Get("Content-Type"), into)
	if !whole {
		faults = append(faults, "length")
	}
	if len(r.Header.Get("X-Desk")) > 64 {
		r.Header.Del("X-Desk")
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if id := reflect.ValueOf(into).Elem().FieldByName("PressID"); id.String() == "" {
		// The same request sent again within the minute is the same press; later it counts as a further one (ALM-004).
		minute := strconv.FormatInt(now().Unix()/int64(time.Minute/time.Second), 10)
		sum := sha256.Sum256([]byte(strings.Join([]string{host, r.Header.Get("X-Desk"), minute, string(raw)}, "\n")))
		id.SetString("made-" + hex.EncodeToString(sum[:12]))
		faults = append(faults, "press_id")
	}
	body, _ := json.Marshal(into) // what was read from JSON has JSON
	ctx := context.WithValue(r.Context(), originKey{}, host)
	if len(faults) > 0 {
		ctx = context.WithValue(ctx, formKey{}, strings.Join(faults, " "))
	}
	r = r.WithContext(ctx)
	r.Header.Set("Content-Type", "application/json")
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return r
}

// decode reads what it can of a body into a struct, and names what it could not read.
func decode(raw []byte, contentType string, into any) (faults []string) {
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	fields, whole := object(raw)
	if len(fields) == 0 && strings.HasPrefix(contentType, "application/x-www-form-urlencoded") {
		if form, err := url.ParseQuery(string(raw)); err == nil {
			for k := range form {
				fields[k], _ = json.Marshal(form.Get(k)) // a string always has JSON
			}
			whole = true
		}
	}
	if !whole {
		faults = append(faults, "body")
	}
	return append(faults, fill(reflect.ValueOf(into).Elem(), fields, "")...)
}

// object reads a JSON object as far as it goes.
func object(raw []byte) (fields map[string]json.RawMessage, whole bool) {
	fields = map[string]json.RawMessage{}
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return fields, false
	}
	for d.More() {
		key, err := d.Token()
		name, ok := key.(string)
		var v json.RawMessage
		if err != nil || !ok || d.Decode(&v) != nil {
			return fields, false
		}
		fields[name] = v
	}
	_, err := d.Token()
	return fields, err == nil
}

// fill sets the fields of a struct one by one, and names those that had a value which is none.
func fill(v reflect.Value, fields map[string]json.RawMessage, path string) (faults []string) {
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		raw, given := fields[name]
		if !given || string(raw) == "null" {
			continue
		}
		ok := true
		switch f := v.Field(i).Addr().Interface().(type) {
		case *string:
			if ok = json.Unmarshal(raw, f) == nil; !ok { // a telephone number sent as a number is one
				*f = string(raw)
			}
			*f = cut(*f, maxWords)
		case **ems.Place:
			inner, _ := object(raw)
			if ok = len(inner) > 0; ok {
				*f = new(ems.Place)
				faults = append(faults, fill(reflect.ValueOf(*f).Elem(), inner, path+name+".")...)
			}
		case **ems.WGS84:
			*f, ok = position(raw)
		default:
			fresh := reflect.New(v.Field(i).Type())
			if ok = json.Unmarshal(raw, fresh.Interface()) == nil; ok {
				v.Field(i).Set(fresh.Elem())
			}
		}
		if !ok {
			faults = append(faults, path+name)
		}
	}
	return faults
}

// position takes both numbers or none: half a position is another place.
func position(raw json.RawMessage) (*ems.WGS84, bool) {
	inner, _ := object(raw)
	lat, err1 := strconv.ParseFloat(strings.Trim(string(inner["lat"]), `"`), 64)
	lon, err2 := strconv.ParseFloat(strings.Trim(string(inner["lon"]), `"`), 64)
	p := ems.WGS84{Lat: lat, Lon: lon}
	if err1 != nil || err2 != nil || !p.Valid() {
		return nil, false
	}
	return &p, true
}
