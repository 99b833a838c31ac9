package cloud
import "time"
func runKinds() []*kind { return nil }
func (c *Cloud) settle(time.Time) error { return nil }
