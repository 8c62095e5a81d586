package serialport

import (
	"os"
	"path/filepath"
	"testing"
)

// A port is found by the link that names its socket; of two links to one port always the same counts.
func TestSocketsAreNamedByTheirLinks(t *testing.T) {
	dir := t.TempDir()
	links := filepath.Join(dir, "by-path")
	if err := os.Mkdir(links, 0o700); err != nil {
		t.Fatal(err)
	}
	port := filepath.Join(dir, "ttyUSB0")
	if err := os.WriteFile(port, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{"pci-usbv2-0:1": "../ttyUSB0", "pci-usb-0:1": "../ttyUSB0", "pci-usb-0:2": "../gone"} {
		if err := os.Symlink(to, filepath.Join(links, name)); err != nil {
			t.Fatal(err)
		}
	}
	real, err := filepath.EvalSymlinks(port)
	if err != nil {
		t.Fatal(err)
	}
	if got := socketsIn(links); len(got) != 1 || got[real] != "pci-usb-0:1" {
		t.Errorf("sockets: %v", got)
	}
	if got := socketsIn(filepath.Join(dir, "none")); len(got) != 0 {
		t.Errorf("no folder: %v", got)
	}
}
