package photo

// Bounds of a picture (ACC-003).
const (
	// MaxBytes is the largest picture that is kept: 1,600 pixels at a quality that shows a wound is some 300 KB.
	MaxBytes = 512 << 10
	// MaxSide and MaxPixels bound what a desk's screen is made to decode: a phone's camera has 12 to 50 million pixels; beyond is a bomb.
	MaxSide   = 16_384
	MaxPixels = 64_000_000
	maxScans  = 64 // a progressive picture has about ten
)
