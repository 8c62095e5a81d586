package ems

import "time"

// This file has what callers, crews and desks show and say to each other about an alarm.

// Photo is one picture; its bytes are the store's, under their own SHA-256. Who took it says what it may be believed for.
type Photo struct {
	ID       PhotoID    `json:"id"`
	Mime     string     `json:"mime" enum:"image/jpeg" doc:"always image/jpeg"`
	Size     int        `json:"size" doc:"bytes, as they are kept: without what the camera wrote beside the picture"`
	Width    int        `json:"width"`
	Height   int        `json:"height"`
	Sum      string     `json:"sum" doc:"SHA-256 of the bytes, hex"`
	From     string     `json:"from" enum:"caller,crew,desk" doc:"who took it"`
	By       string     `json:"by,omitempty" doc:"name of who took it; absent of a caller"`
	Alarm    AlarmID    `json:"alarm,omitempty"`
	Incident IncidentID `json:"incident,omitempty"`
	Mission  MissionID  `json:"mission,omitempty"`
	Patient  PatientID  `json:"patient,omitempty" doc:"whom it shows; a hospital sees no photo without (SCR-004)"`
	Unit     UnitID     `json:"unit,omitempty"`
	Text     string     `json:"text,omitempty"`
	Taken    time.Time  `json:"taken" doc:"on the server's clock"`
	Received time.Time  `json:"received"`

	Unrecorded bool `json:"unrecorded,omitempty"`
	Simulated  bool `json:"simulated,omitempty"`
}

// Message is one thing said between a caller and the desks: words, a first-aid card, a photo, a corrected place. It is stored before
// it is called sent, and keeps when the other side had it before its eyes.
type Message struct {
	ID    MessageID `json:"id"`
	Alarm AlarmID   `json:"alarm"`
	N     int       `json:"n" doc:"which of its alarm's messages, from 1"`
	From  string    `json:"from" enum:"caller,desk"`
	By    string    `json:"by,omitempty" doc:"name of who wrote at the desk"`
	Desk  DeskID    `json:"desk,omitempty"`
	Text  string    `json:"text,omitempty"`
	Card  string    `json:"card,omitempty" doc:"first-aid card that the desk sent: cpr_adult, cpr_child, cpr_infant, choking, bleeding, stroke, chest_pain, seizure, burns, labour"`
	Photo PhotoID   `json:"photo,omitempty"`
	Place *Place    `json:"place,omitempty" doc:"the caller says that this is the place"`
	Sent  time.Time `json:"sent" doc:"when it was written, on the server's clock"`
	// Received is when the centre stored it; Read when a person at a desk had it open, or the caller's page showed it.
	Received   time.Time  `json:"received"`
	Read       *time.Time `json:"read,omitempty" doc:"caller's: a person at a desk had it open; desk's: the caller's page has shown it"`
	ReadBy     string     `json:"read_by,omitempty"`
	Unrecorded bool       `json:"unrecorded,omitempty"`
	Simulated  bool       `json:"simulated,omitempty"`
}

// PlaceChange is a place as it was before it was corrected: both values stay.
type PlaceChange struct {
	At  time.Time `json:"at"`
	By  string    `json:"by" doc:"who corrected it: a name, or caller"`
	Was Place     `json:"was"`
}
