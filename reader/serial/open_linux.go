package serial

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"marz"
)

var speeds = map[int]uint32{1200: unix.B1200, 2400: unix.B2400, 4800: unix.B4800, 9600: unix.B9600, 19200: unix.B19200, 38400: unix.B38400, 57600: unix.B57600,
	115200: unix.B115200, 230400: unix.B230400, 460800: unix.B460800}

// Open opens a line and sets it up. What is no terminal is read as it is. Who closes it ends a Read that waits. A serial port is the caller's alone until he closes it.
func Open(path string, s Settings) (*os.File, error) {
	s, err := s.Complete()
	if err != nil {
		return nil, err
	}
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, cannot(path, err)
	}
	if err := setUp(fd, s); err != nil && !errors.Is(err, unix.ENOTTY) {
		unix.Close(fd)
		return nil, cannot(path, err)
	}
	return os.NewFile(uintptr(fd), path), nil
}

func cannot(path string, err error) error {
	fix := "plug the device in, and name its line"
	switch {
	case errors.Is(err, unix.EACCES):
		fix = "this user may not open it; add him to the group of the line (dialout)"
	case errors.Is(err, unix.EBUSY):
		fix = "another program has it"
	}
	return &marz.Error{Code: marz.Unavailable, Op: "open line", Subject: path, Fix: fix, Err: err}
}

// setUp puts the line into raw mode with the settings.
func setUp(fd int, s Settings) error {
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	t.Iflag, t.Oflag, t.Lflag = 0, 0, 0
	t.Cflag = unix.CREAD | unix.CLOCAL | speeds[s.Baud]
	t.Ispeed, t.Ospeed = speeds[s.Baud], speeds[s.Baud]
	t.Cflag |= map[int]uint32{7: unix.CS7, 8: unix.CS8}[s.Bits]
	switch s.Parity {
	case "even":
		t.Cflag |= unix.PARENB
		t.Iflag |= unix.INPCK
	case "odd":
		t.Cflag |= unix.PARENB | unix.PARODD
		t.Iflag |= unix.INPCK
	}
	if s.Stop == 2 {
		t.Cflag |= unix.CSTOPB
	}
	switch s.Flow {
	case "hardware":
		t.Cflag |= unix.CRTSCTS
	case "software":
		t.Iflag |= unix.IXON | unix.IXOFF
	}
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, t); err != nil {
		return err
	}
	return unix.IoctlSetInt(fd, unix.TIOCEXCL, 0)
}
