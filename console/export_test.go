package console

import "time"

// WaitForFigures makes pages wait for their figures, however busy the machine is.
func (c *Console) WaitForFigures() { c.figures.patience = time.Minute }

// DoNotWait makes pages show what is known at once.
func (c *Console) DoNotWait() { c.figures.patience = time.Millisecond }
