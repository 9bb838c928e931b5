package main

func (o *options) speed() error { return nil }
