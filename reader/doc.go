// Package reader makes events of the bytes that document readers send: a zone read, a barcode read, the document taken away, an error of the device.
//
// It owns the frames of readers: where one begins and ends, how it is checked, and how the lines of a zone are put together. Each adapter is written from a document of a vendor where one is public, and says which; what no
// document confirmed is a setting and says so. docs/readers.md has them side by side.
//
// It promises: an adapter keeps no more than one frame of at most MostFrame bytes; after garbage it finds the next frame; what it drops it counts and gives the reason for, so that nothing is lost in silence; and it corrects
// nothing. A zone that package mrz does not read as a document is handed on as it was read, with what is wrong with it, for an officer to repair. No clock runs here: whoever reads the device says when it was silent.
//
// What events hold is the holder's personal data. Their String says nothing of it.
package reader
