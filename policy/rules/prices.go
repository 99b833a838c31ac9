package rules

import (
	_ "embed"
	"encoding/json"
	"sync"
)

// priceFile is the platform's price table, with the source and the date of each price. The sandbox's cost estimate reads a copy,
// because this Go module and the others do not import each other. A test there checks that the copy is the same.
//
//go:embed prices.json
var priceFile []byte

type priceTable struct {
	Prices []struct {
		Key  string
		Tier int
		USD  float64
	}
	Regions struct{ Tiers map[string][]string }
}

var prices = sync.OnceValue(func() map[string]map[string]float64 {
	var table priceTable
	if err := json.Unmarshal(priceFile, &table); err != nil {
		panic("rules: read the price table in prices.json: " + err.Error()) // the file is built into the executable
	}
	byKey := map[string]map[string]float64{}
	for _, price := range table.Prices {
		if byKey[price.Key] == nil {
			byKey[price.Key] = map[string]float64{}
		}
		// An unknown region costs as much as the most expensive one.
		byKey[price.Key][""] = max(byKey[price.Key][""], price.USD)
		for tier, regions := range table.Regions.Tiers {
			if price.Tier == 0 || tier == string(rune('0'+price.Tier)) {
				for _, region := range regions {
					byKey[price.Key][region] = price.USD
				}
			}
		}
	}
	return byKey
})

// price returns the price of a unit in a region. For a region that is unknown or not in the table, it returns the highest price.
func price(key, region string) float64 {
	byRegion := prices()[key]
	if usd, known := byRegion[region]; known {
		return usd
	}
	return byRegion[""]
}
