package reader

// Check is the one byte after the end of a frame, and what it is made of. All are the exclusive or of bytes, without parity bits; vendors differ in where they begin.
type Check string

// The checks.
const (
	NoCheck   Check = "none"        // no byte stands there
	Unchecked Check = "unchecked"   // a byte stands there, and is not looked at
	XOR       Check = "xor"         // of what follows the start, up to and with the end (Microscan MS-3 User's Manual, "LRC Status"; Metrologic MS951, "Start LRC on Second RS232 Byte")
	XORAll    Check = "xor-all"     // of all, the start as well (Metrologic MS951 p. 14, "Start LRC on First RS232 Byte")
	XORInner  Check = "xor-content" // of what stands between start and end
)

var checks = []Check{NoCheck, Unchecked, XOR, XORAll, XORInner}

// right reports whether b is the check of a frame.
func (c Check) right(start, content, end []byte, b byte) bool {
	sum := xor(content)
	switch c {
	case XOR:
		sum ^= xor(end)
	case XORAll:
		sum ^= xor(start) ^ xor(end)
	case XORInner:
	default:
		return true
	}
	return sum == b
}

func xor(b []byte) byte {
	var sum byte
	for _, c := range b {
		sum ^= c
	}
	return sum
}
