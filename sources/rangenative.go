package sources

// histogram takes [seconds, {"count": "1", "sum": "2", "buckets": [[rule, "lower", "upper", "count"], …]}].
// Empty buckets are left out, and the schema is not told.
func (d *matrixDecoder) histogram() error {
	if err := d.scan.expect('['); err != nil {
		return err
	}
	at, err := d.scan.millis()
	if err != nil {
		return err
	}
	if err := d.scan.expect(','); err != nil {
		return err
	}
	n := native{atMillis: at}
	if err := d.scan.object(func(name string) error {
		if name != "buckets" {
			return d.scan.skip(0)
		}
		return d.scan.array(func() error { return d.bucket(&n) })
	}); err != nil {
		return err
	}
	if at > d.lo && at <= d.hi {
		n.infer()
		d.natives = append(d.natives, n)
	}
	return d.scan.expect(']')
}

func (d *matrixDecoder) bucket(n *native) error {
	if err := d.scan.expect('['); err != nil {
		return err
	}
	if _, err := d.scan.number(); err != nil {
		return err
	}
	var b nativeBucket
	for _, into := range []*float64{&b.lower, &b.upper, &b.count} {
		if err := d.scan.expect(','); err != nil {
			return err
		}
		v, err := d.scan.value()
		if err != nil {
			return err
		}
		*into = v
	}
	n.buckets = append(n.buckets, b)
	return d.scan.expect(']')
}
