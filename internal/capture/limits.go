package capture

// Bounds of a capture file (ACC-003). Beyond them Read answers with an error that names the bound and the line.
const (
	// FileMax is the most bytes that Read takes: twelve hours of a Berry board with all its waves are about 300 MB of
	// text, but nobody decodes more than a shift's piece at once.
	FileMax = 128 << 20
	// lineMax is the longest line: the Writer never writes beyond 300, a person may paste a whole message.
	lineMax = 64 << 10
	// headerMax is the most header lines.
	headerMax = 200
	// secondsMax is the latest time in a capture: 30 days, beyond which it is a typing error.
	secondsMax = 30 * 24 * 3600
	// bytesPerLine is how many bytes the Writer puts on one line of hex.
	bytesPerLine = 32
	// textPerLine is how many bytes the Writer puts on one quoted line.
	textPerLine = 128
)
