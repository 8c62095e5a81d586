package agent

import (
	"fmt"
	"path/filepath"
	"strings"

	"lifeline120/internal/ems"
	"lifeline120/internal/serialport"
)

// portNames names the devices behind serial ports over all the looks at them, so that a device that comes back is the same device and
// keeps its patient, and another one never takes its place (CLN-006). An adapter is known by its serial number wherever it is plugged
// in. One without a number, or with a number that two were seen to have at once, is known by its socket, and with no name for that by
// its port. The zero value has seen nothing.
type portNames struct {
	at     map[string]named // what was behind each port at the last look
	shared map[string]bool  // serial numbers that more than one adapter has
	bare   map[string]bool  // ports of the last look whose socket had no name yet
}

type named struct {
	serial, socket string
	id             ems.DeviceID
}

// look gives the names of what may be a device, by port: adapters, and the serial ports that are built in.
func (n *portNames) look(ports []serialport.Info) map[string]ems.DeviceID {
	if n.shared == nil {
		n.shared = map[string]bool{}
	}
	count := map[string]int{}
	for _, p := range ports {
		if p.Serial != "" {
			count[clean(p.Serial)]++
		}
	}
	for serial, k := range count {
		if k > 1 {
			n.shared[serial] = true
		}
	}
	at, taken, bare := map[string]named{}, map[ems.DeviceID]bool{}, map[string]bool{}
	for _, p := range ports { // what has not moved keeps its name, also when its double is plugged in
		if old, ok := n.at[p.Path]; ok && old.serial == p.Serial && old.socket == p.Socket {
			at[p.Path], taken[old.id] = old, true
		}
	}
	for _, p := range ports {
		if _, has := at[p.Path]; has || !p.USB && !strings.HasPrefix(filepath.Base(p.Path), "ttyS") {
			continue
		}
		if bySocket := p.USB && (p.Serial == "" || n.shared[clean(p.Serial)]); bySocket && p.Socket == "" && !n.bare[p.Path] {
			bare[p.Path] = true // just plugged in, and the system may not have named its socket yet: at the next look
			continue
		}
		id := n.name(p)
		if taken[id] {
			id = device(string(id), clean(filepath.Base(p.Path)))
		}
		at[p.Path], taken[id] = named{p.Serial, p.Socket, id}, true
	}
	n.at, n.bare = at, bare
	out := make(map[string]ems.DeviceID, len(at))
	for path, x := range at {
		out[path] = x.id
	}
	return out
}

// only opens a port while the adapter there is still the one that was named: a cable that is pulled and another that is plugged in may
// get the same port between two looks, and a patient's device must not be read through the other's name (CLN-006).
func (v *Vehicle) only(path string, was named) serialport.Opener {
	open := v.Open
	if open == nil {
		open = serialport.Open
	}
	return func(p string, line ems.Line) (serialport.Port, error) {
		ports, err := v.List()
		for _, now := range ports {
			if err == nil && now.Path == path && (now.Serial != was.serial || now.Socket != was.socket) {
				return nil, fmt.Errorf("open %s: another adapter is there: %w", path, serialport.ErrMissing)
			}
		}
		return open(p, line)
	}
}

func (n *portNames) name(p serialport.Info) ems.DeviceID {
	serial, where := clean(p.Serial), clean(filepath.Base(p.Path))
	if p.Socket != "" {
		where = clean(p.Socket)
	}
	switch {
	case serial != "" && !n.shared[serial]:
		return device("usb", serial)
	case serial != "":
		return device("usb", serial, where)
	}
	return device(where)
}

// device joins words to a name of at most 64 letters. The end is kept: it tells sockets of one computer apart.
func device(words ...string) ems.DeviceID {
	name := strings.Join(words, "-")
	return ems.DeviceID(name[max(0, len(name)-64):])
}

// clean leaves what may stand in a device's name.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' || r == '-' {
			return r
		}
		return '_'
	}, strings.ToLower(s))
}
