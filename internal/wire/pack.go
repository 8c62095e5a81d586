package wire

import (
	"fmt"

	"lifeline120/internal/ems"
	pb "lifeline120/internal/wire/proto"
)

// PackReading puts a reading, with the patient that its device was bound to ("" when none), into the link's words.
func PackReading(r ems.Reading, patient ems.PatientID) *pb.Reading {
	p := &pb.Reading{Device: string(r.Device), Channel: string(r.Channel), Unit: r.Unit, Quality: r.Quality.String(), Text: r.Text,
		TakenUs: Us(r.Taken), DeviceUs: Us(r.DeviceTime), Demo: r.Demo, Patient: string(patient)}
	if r.Quality.HasValue() {
		p.Value = r.Value
	}
	return p
}

// UnpackReading is the inverse of PackReading.
func UnpackReading(p *pb.Reading) (ems.Reading, ems.PatientID, error) {
	if err := checkNames(p.Device, p.Channel); err != nil {
		return ems.Reading{}, "", fmt.Errorf("unpack reading: %w", err)
	}
	if err := checkMessage(p); err != nil {
		return ems.Reading{}, "", fmt.Errorf("unpack reading of %s: %w", p.Device, err)
	}
	r := ems.Reading{Device: ems.DeviceID(p.Device), Channel: ems.Channel(p.Channel), Unit: p.Unit, Quality: quality(p.Quality),
		Text: p.Text, Taken: FromUs(p.TakenUs), DeviceTime: FromUs(p.DeviceUs), Demo: p.Demo}
	if r.Quality.HasValue() {
		r.Value = p.Value
	}
	return r, ems.PatientID(p.Patient), nil
}

// PackFix puts a position, with the mission it was driven for ("" when none), into the link's words.
func PackFix(f ems.Fix, mission ems.MissionID) *pb.Position {
	return &pb.Position{Device: string(f.Device), Lat: f.Pos.Lat, Lon: f.Pos.Lon, Quality: f.Quality.String(), FixKind: f.FixKind,
		Satellites: int32(f.Satellites), HasSatellites: f.HasSatellites, Hdop: f.HDOP, SpeedKmh: f.SpeedKmh, HasSpeed: f.HasSpeed,
		CourseDeg: f.CourseDeg, HasCourse: f.HasCourse, AltitudeM: f.AltitudeM, TakenUs: Us(f.Taken), DeviceUs: Us(f.DeviceTime), Demo: f.Demo, Mission: string(mission)}
}

// UnpackFix is the inverse of PackFix. Vehicles that say nothing of whether speed and satellites are known wrote 0 for what their
// receiver had not said: of them a 0 is unknown (EVO-001). A position that is no place on Earth is refused unless its quality says that there is none.
func UnpackFix(p *pb.Position) (ems.Fix, ems.MissionID, error) {
	if err := checkNames(p.Device); err != nil {
		return ems.Fix{}, "", fmt.Errorf("unpack position: %w", err)
	}
	if err := checkMessage(p); err != nil {
		return ems.Fix{}, "", fmt.Errorf("unpack position of %s: %w", p.Device, err)
	}
	f := ems.Fix{Device: ems.DeviceID(p.Device), Pos: ems.WGS84{Lat: p.Lat, Lon: p.Lon}, Quality: quality(p.Quality), FixKind: p.FixKind,
		Satellites: int(p.Satellites), HasSatellites: p.HasSatellites || p.Satellites != 0, HDOP: p.Hdop,
		SpeedKmh: p.SpeedKmh, HasSpeed: p.HasSpeed || p.SpeedKmh != 0, CourseDeg: p.CourseDeg, HasCourse: p.HasCourse, AltitudeM: p.AltitudeM,
		Taken: FromUs(p.TakenUs), DeviceTime: FromUs(p.DeviceUs), Demo: p.Demo}
	if !f.Pos.Valid() && (f.Quality.HasValue() || f.Pos != ems.WGS84{}) {
		return ems.Fix{}, "", fmt.Errorf("unpack position of %s: %v, %v is no place (quality %s)", p.Device, p.Lat, p.Lon, p.Quality)
	}
	return f, ems.MissionID(p.Mission), nil
}

// PackPlace puts a place into the link's words; nil stays nil.
func PackPlace(p *ems.Place) *pb.Place {
	if p == nil {
		return nil
	}
	out := &pb.Place{AccuracyM: p.AccuracyM, Source: p.Source}
	if p.Pos != nil {
		out.Known, out.Lat, out.Lon = true, p.Pos.Lat, p.Pos.Lon
	}
	if p.At != nil {
		out.AtUs = Us(*p.At)
	}
	return out
}

// UnpackPlace is the inverse of PackPlace. A place that says it is known and is not on Earth is an error.
func UnpackPlace(p *pb.Place) (*ems.Place, error) {
	if p == nil {
		return nil, nil
	}
	if err := checkMessage(p); err != nil {
		return nil, fmt.Errorf("unpack place: %w", err)
	}
	out := &ems.Place{AccuracyM: p.AccuracyM, Source: p.Source}
	if p.Known {
		pos := ems.WGS84{Lat: p.Lat, Lon: p.Lon}
		if !pos.Valid() {
			return nil, fmt.Errorf("unpack place: %v, %v is no place", p.Lat, p.Lon)
		}
		out.Pos = &pos
	}
	if p.AtUs != 0 {
		at := FromUs(p.AtUs)
		out.At = &at
	}
	return out, nil
}

// PackDevice puts the state of a device into the link's words.
func PackDevice(d ems.DeviceStatus) *pb.DeviceStatus {
	return &pb.DeviceStatus{Device: string(d.Device), Kind: d.Kind, Driver: d.Driver, Port: d.Port, Baud: int32(d.Baud),
		State: string(d.State), SinceUs: Us(d.Since), Detail: d.Detail, Frames: d.Frames, Garbage: d.Garbage, Lost: d.Lost}
}

// UnpackDevice is the inverse of PackDevice.
func UnpackDevice(p *pb.DeviceStatus) (ems.DeviceStatus, error) {
	if err := checkNames(p.Device, p.State); err != nil {
		return ems.DeviceStatus{}, fmt.Errorf("unpack device: %w", err)
	}
	return ems.DeviceStatus{Device: ems.DeviceID(p.Device), Kind: p.Kind, Driver: p.Driver, Port: p.Port, Baud: int(p.Baud),
		State: ems.DeviceState(p.State), Since: FromUs(p.SinceUs), Detail: p.Detail, Frames: p.Frames, Garbage: p.Garbage, Lost: p.Lost}, nil
}

// PackDepth puts the depth of a lane into the link's words.
func PackDepth(d Depth) *pb.LaneDepth {
	return &pb.LaneDepth{Lane: d.Lane, Count: d.Count, Bytes: d.Bytes, OldestUs: d.Oldest, Capped: d.Capped}
}

// UnpackDepth gives the depth of a lane as the screens say it.
func UnpackDepth(p *pb.LaneDepth) ems.LaneDepth {
	out := ems.LaneDepth{Lane: LaneName(p.Lane), Count: p.Count, Bytes: p.Bytes, Capped: p.Capped}
	if p.OldestUs != 0 {
		at := FromUs(p.OldestUs)
		out.Oldest = &at
	}
	return out
}

func checkNames(names ...string) error {
	for _, n := range names {
		if err := ems.CheckName(n); err != nil {
			return err
		}
	}
	return nil
}

func quality(s string) (q ems.Quality) {
	if err := q.UnmarshalText([]byte(s)); err != nil {
		return ems.DeviceError
	}
	return q
}
