package rules

import (
	_ "embed"
	"encoding/json"
	"sync"
)

// priceFile is the platform's one price table, with the source and the date of each price. The sandbox's estimate of costs reads a
// copy, which a test there holds to be the same: this module imports nothing, and nothing imports it.
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
		panic("rules: prices.json is no price table: " + err.Error()) // it is a part of the executable
	}
	byKey := map[string]map[string]float64{}
	for _, price := range table.Prices {
		if byKey[price.Key] == nil {
			byKey[price.Key] = map[string]float64{}
		}
		// The dearest is what an unknown region costs.
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

// price is what one unit costs in a region, and in a region that is not known or not in the table the dearest there is.
func price(key, region string) float64 {
	byRegion := prices()[key]
	if usd, known := byRegion[region]; known {
		return usd
	}
	return byRegion[""]
}
