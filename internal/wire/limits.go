package wire

// Bounds of what comes from outside (ACC-003). What is beyond them is refused as a whole and counted; nothing is cut.
const (
	// MaxEnvelope is the longest message on the vehicle link: a body and its identity.
	MaxEnvelope = MaxBody + 4<<10
	// MaxBody is the longest body: a 12-lead of 10 s at 1 kHz, raw, is 240 kB.
	MaxBody = 256 << 10
	// MaxItems is how many fields or list entries a message may have: a second of every device is a few hundred.
	MaxItems = 4096
	// MaxText is the longest text in bytes: a note of 4,000 Chinese characters fits.
	MaxText = 16 << 10
	// MaxTimeUs is the last instant that a four-digit year can say; later ones are a broken clock.
	MaxTimeUs = 253_402_300_799_000_000
	// MaxWaveLeads is how many leads the off mask has bits for.
	MaxWaveLeads = 16
	// MaxWaveLen is the most samples of a lead in one message: 10 s at 1 kHz.
	MaxWaveLen = 10_000
	// MaxRateHz is beyond any bedside device.
	MaxRateHz = 6_000
	// MaxWaveFrame bounds one wave frame of the live feed: 16 leads of 2,000 samples, 2 s at 1 kHz. A longer run is sent in several.
	MaxWaveFrame = 64 << 10
)
