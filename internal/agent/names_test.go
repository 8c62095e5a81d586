package agent

import (
	"fmt"
	"testing"

	"lifeline120/internal/serialport"
)

func usb(path, serial, socket string) serialport.Info {
	return serialport.Info{Path: path, USB: true, Serial: serial, Socket: socket}
}

// Equal adapters are two devices, one that moves is the same one, and nobody takes another's name (CLN-006).
func TestCLN006_AdaptersKeepTheirNames(t *testing.T) {
	type look struct {
		ports []serialport.Info
		want  string
	}
	a, b := usb("/dev/ttyUSB0", "0001", "pci-0-usb-0:1"), usb("/dev/ttyUSB1", "0001", "pci-0-usb-0:2")
	for _, c := range []struct {
		name  string
		looks []look
	}{
		{"a serial number of its own is known anywhere", []look{
			{[]serialport.Info{usb("/dev/ttyUSB0", "A1", "s1")}, "map[/dev/ttyUSB0:usb-a1]"},
			{nil, "map[]"},
			{[]serialport.Info{usb("/dev/ttyUSB3", "A1", "s2")}, "map[/dev/ttyUSB3:usb-a1]"}}},
		{"two of one serial number", []look{
			{[]serialport.Info{a, b}, "map[/dev/ttyUSB0:usb-0001-pci-0-usb-0_1 /dev/ttyUSB1:usb-0001-pci-0-usb-0_2]"},
			{[]serialport.Info{b}, "map[/dev/ttyUSB1:usb-0001-pci-0-usb-0_2]"},
			{[]serialport.Info{usb("/dev/ttyUSB2", "0001", "pci-0-usb-0:1"), b}, "map[/dev/ttyUSB1:usb-0001-pci-0-usb-0_2 /dev/ttyUSB2:usb-0001-pci-0-usb-0_1]"}}},
		{"the second comes later: the first keeps its name, and its patient", []look{
			{[]serialport.Info{a}, "map[/dev/ttyUSB0:usb-0001]"},
			{[]serialport.Info{a, b}, "map[/dev/ttyUSB0:usb-0001 /dev/ttyUSB1:usb-0001-pci-0-usb-0_2]"},
			{[]serialport.Info{b}, "map[/dev/ttyUSB1:usb-0001-pci-0-usb-0_2]"},
			{[]serialport.Info{a, b}, "map[/dev/ttyUSB0:usb-0001-pci-0-usb-0_1 /dev/ttyUSB1:usb-0001-pci-0-usb-0_2]"}}},
		{"without a serial number the socket counts, not the port's name", []look{
			{[]serialport.Info{usb("/dev/ttyUSB0", "", "s1"), usb("/dev/ttyUSB1", "", "s2")}, "map[/dev/ttyUSB0:s1 /dev/ttyUSB1:s2]"},
			{[]serialport.Info{usb("/dev/ttyUSB0", "", "s2"), usb("/dev/ttyUSB1", "", "s1")}, "map[/dev/ttyUSB0:s2 /dev/ttyUSB1:s1]"}}},
		{"a socket that has no name yet is waited for, once", []look{
			{[]serialport.Info{usb("/dev/ttyUSB0", "", "")}, "map[]"},
			{[]serialport.Info{usb("/dev/ttyUSB0", "", "s1")}, "map[/dev/ttyUSB0:s1]"},
			{[]serialport.Info{usb("/dev/ttyUSB1", "", "")}, "map[]"},
			{[]serialport.Info{usb("/dev/ttyUSB1", "", "")}, "map[/dev/ttyUSB1:ttyusb1]"}}},
		{"names that would be equal are not", []look{
			{[]serialport.Info{usb("/dev/ttyUSB0", "", "s:1"), usb("/dev/ttyUSB1", "", "s.1")}, "map[/dev/ttyUSB0:s_1 /dev/ttyUSB1:s_1-ttyusb1]"}}},
		{"built in", []look{
			{[]serialport.Info{{Path: "/dev/ttyS0"}, {Path: "/dev/rfcomm0"}}, "map[/dev/ttyS0:ttys0]"}}},
	} {
		n := &portNames{}
		for i, l := range c.looks {
			if got := fmt.Sprint(n.look(l.ports)); got != l.want {
				t.Errorf("%s, look %d:\n got %s\nwant %s", c.name, i, got, l.want)
			}
		}
	}
}
