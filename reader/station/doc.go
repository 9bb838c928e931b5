// Package station is the program that runs beside the browser in a booth: it takes what readers say, joins what is of one document into one reading, and hands it to the post.
//
// It owns the station's folder (reader.toml, key, the post's CA, token), the joining, the line to the post and the endpoint on the booth's own machine. It promises: what was read is in memory alone and nowhere written down or logged; a reading that cannot be handed over within 20 seconds is dropped
// and said to be, and readings never pile up; a station that no supervisor of the post has accepted hands over nothing; and no web page in the booth's browser can speak for a reader.
//
// One goroutine, desk.run, owns what is being joined. The post's side of the protocol is in package post; docs/readers.md has it for others.
package station
