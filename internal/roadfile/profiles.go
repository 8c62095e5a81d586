package roadfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"go.yaml.in/yaml/v3"

	"lifeline120/internal/roads"
)

// ProfilesName is the table of speeds and costs that a city edits, beside its road file; without it the built-in ones hold.
const ProfilesName = "roads.yaml"

// Profiles are how fast one drives on a mission and otherwise.
type Profiles struct{ Mission, Normal roads.Profile }

// table is a profile as people write it: what is left out keeps its built-in value.
type table struct {
	Kmh     map[string]float64 `json:"kmh"`
	OfLimit *float64           `json:"of_limit"`
	MaxKmh  *float64           `json:"max_kmh"`
	TurnS   map[string]float64 `json:"turn_s"` // right, left, around, banned; seconds, -1 never
	Against *float64           `json:"against"`
	Private *float64           `json:"private"`
}

var turnNames = map[string]roads.Turn{"ahead": roads.Ahead, "right": roads.Right, "left": roads.Left, "around": roads.Around, "banned": roads.Banned}

// ReadProfiles reads the table of a city's folder.
func ReadProfiles(folder fs.FS) (Profiles, error) {
	p := Profiles{roads.Mission(), roads.Normal()}
	b, err := fs.ReadFile(folder, ProfilesName)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return p, fmt.Errorf("read the speeds: %w", err)
	}
	var keys map[string]any
	if err := yaml.Unmarshal(b, &keys); err != nil {
		return p, fmt.Errorf("read the speeds of %s: %w", ProfilesName, err)
	}
	if b, err = json.Marshal(keys); err != nil {
		return p, fmt.Errorf("read the speeds of %s: %w", ProfilesName, err)
	}
	var both struct{ Mission, Normal table }
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&both); err != nil {
		return p, fmt.Errorf("read the speeds of %s: %w", ProfilesName, err)
	}
	if err := errors.Join(both.Mission.into(&p.Mission), both.Normal.into(&p.Normal)); err != nil {
		return p, fmt.Errorf("read the speeds of %s: %w", ProfilesName, err)
	}
	return p, nil
}

func (t table) into(p *roads.Profile) error {
	var errs []error
	bad := func(what string, v float64, want string) {
		errs = append(errs, fmt.Errorf("%s: %s is %v; write %s", p.Name, what, v, want))
	}
	for name, kmh := range t.Kmh {
		switch c, ok := roads.ClassOf(name); {
		case !ok:
			errs = append(errs, fmt.Errorf("%s: %q is no class of road; use motorway, trunk, primary, … as OpenStreetMap's highway has them", p.Name, name))
		case !(kmh > 0 && kmh <= 200):
			bad(name, kmh, "km/h, above 0 and at most 200")
		default:
			p.Kmh[c] = kmh
		}
	}
	for name, s := range t.TurnS {
		switch turn, ok := turnNames[name]; {
		case !ok:
			errs = append(errs, fmt.Errorf("%s: %q is no turn; use ahead, right, left, around or banned", p.Name, name))
		case s == -1:
			p.TurnMs[turn] = roads.Never
		case !(s >= 0 && s <= 600):
			bad(name, s, "seconds from 0 to 600, or -1 for never")
		default:
			p.TurnMs[turn] = roads.Millis(s * 1000)
		}
	}
	factor := func(what string, v *float64, into *float64, most float64) {
		if v == nil {
			return
		}
		if !(*v >= 0 && *v <= most) {
			bad(what, *v, fmt.Sprintf("a number from 0 to %v", most))
			return
		}
		*into = *v
	}
	factor("of_limit", t.OfLimit, &p.OfLimit, 3)
	factor("max_kmh", t.MaxKmh, &p.MaxKmh, 200)
	factor("against", t.Against, &p.Against, 100)
	factor("private", t.Private, &p.Private, 100)
	return errors.Join(errs...)
}
