// Package number keeps lost and stolen document numbers and vehicle plates, up to several hundred million of them, in one file that is built once, mapped into memory and never
// changed. A number is found exactly, and as readers and officers confuse its characters: O and 0, Cyrillic В and Latin B and 8. The two kinds of hit are told apart.
//
// It owns the forms in which numbers are compared (Normal, Alike), the file (DESIGN.md has its format) and the search in it. It knows nothing of travellers, alerts or posts.
//
// What it promises:
//
//   - A number that was built in is found exactly under any spelling with the same Normal form, and as a confusable under any with the same Alike form.
//   - No number is called exact whose Normal form was not built in, for the same kind of thing.
//   - The same rows give the same bytes, in whatever order they come. A build that fails or is cut off leaves the file that was there.
//   - A damaged file can give wrong answers until Verify has found the damage, but never a panic.
//
// Limits: numbers of 1 to MaxRunes characters after Normal, 2³²-1 rows, types of at most MaxType bytes. A number of at most 12 characters takes 8 bytes when it is written with
// digits and the letters of one of: Latin; Cyrillic АВЕКМНОРСТУХІЅЈЗ; Greek ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ; Armenian ՕՏՍԼ. Any other, a VIN or a Persian plate for example, takes its text and some 25
// bytes, and so do numbers beyond the 8192 most frequent combinations of kind, country and type. Confusion of one character with two (W and VV, ا and the word الف),
// left out and added characters are not looked for.
package number
