package number

import "syscall"

// scattered tells the system that finds read here and there, so that it does not read ahead.
func scattered(data []byte) { syscall.Madvise(data, syscall.MADV_RANDOM) }
