// Package sim makes travellers.
package sim
