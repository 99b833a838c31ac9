package cost

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"
)

// priceFile is the platform's price table. The policy pack imports nothing of this repository and has a copy. A test checks that both are
// the same.
//
//go:embed prices.json
var priceFile []byte

// Table holds prices, each with its source and the date on which it was read.
type Table struct {
	// Currency is USD. Prices are per unit. Regions says which price tier a region has.
	Currency string  `json:"currency"`
	Prices   []Price `json:"prices"`
	Regions  Regions `json:"regions"`
}

// Price is what one unit of something costs.
type Price struct {
	// Key says what costs it, such as run.request.cpu.
	Key string `json:"key"`
	// Tier is the price tier of the regions with this price. 0 means every region.
	Tier int `json:"tier,omitempty"`
	// USD is the price of one unit. Unit says in words what a unit is.
	USD  float64 `json:"usd"`
	Unit string  `json:"unit"`
	// FreePerProject is the number of units that are free each month in every project. Units that are free once per billing account are
	// left out, because other projects may use them up.
	FreePerProject float64 `json:"freePerProject,omitempty"`
	// Source is the page with the price, and Date the day on which somebody read it, YYYY-MM-DD. Note says what is special about it;
	// empty if nothing is.
	Source string `json:"source"`
	Date   string `json:"date"`
	Note   string `json:"note,omitempty"`
}

// Regions are Cloud Run's two price tiers.
type Regions struct {
	// Source is the page with the tiers, and Date the day on which somebody read it, YYYY-MM-DD. Tiers are the regions by tier.
	Source string              `json:"source"`
	Date   string              `json:"date"`
	Tiers  map[string][]string `json:"tiers"`
}

// Prices returns this version's price table.
var Prices = sync.OnceValue(func() Table {
	var table Table
	if err := json.Unmarshal(priceFile, &table); err != nil {
		panic("cost: read the price table in prices.json: " + err.Error()) // The file is part of the executable.
	}
	return table
})

// tier returns a region's price tier. A region that is not in the table gets the dearest tier.
func (t Table) tier(region string) (tier int, known bool) {
	for name, regions := range t.Regions.Tiers {
		number := int(name[0] - '0')
		if slices.Contains(regions, region) {
			return number, true
		}
		tier = max(tier, number)
	}
	return tier, false
}

// price returns the price of one unit in a region.
func (t Table) price(key, region string) Price {
	tier, _ := t.tier(region)
	for _, price := range t.Prices {
		if price.Key == key && (price.Tier == 0 || price.Tier == tier) {
			return price
		}
	}
	panic("cost: prices.json has no " + key) // TestEveryPriceIsInTheTable prevents this.
}

// Date returns the date on which the oldest price was read.
func (t Table) Date() string {
	oldest := t.Regions.Date
	for _, price := range t.Prices {
		oldest = min(oldest, price.Date)
	}
	return oldest
}

// Fresh is how long a price counts as current.
const Fresh = 365 * 24 * time.Hour

// Stale names the prices that were read longer than [Fresh] before a time, with what to do about each.
func (t Table) Stale(at time.Time) []string {
	var stale []string
	check := func(what, source, date string) {
		read, err := time.Parse(time.DateOnly, date)
		if err != nil || at.Sub(read) > Fresh {
			stale = append(stale, fmt.Sprintf("%s was read on %s: look at %s and write the price and the day into sandbox/cost/prices.json, then "+
				"copy the file to policy/rules", what, date, source))
		}
	}
	for _, price := range t.Prices {
		check(price.Key, price.Source, price.Date)
	}
	check("the list of regions", t.Regions.Source, t.Regions.Date)
	return stale
}
