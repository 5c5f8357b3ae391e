package promtest

import (
	"runtime/debug"

	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"github.com/prometheus/prometheus/tsdb"
)

// localStorage is the storage as the API wants to see it.
type localStorage struct {
	*tsdb.DB
	stats *tsdb.DBStats
}

func (l localStorage) BlockMetas() ([]tsdb.BlockMeta, error) { return l.DB.BlockMetas(), nil }

func (l localStorage) Stats(label string, limit int) (*tsdb.Stats, error) {
	return l.Head().Stats(label, limit), nil
}

func (l localStorage) WALReplayStatus() (tsdb.WALReplayStatus, error) {
	return l.stats.Head.WALReplayStatus.GetWALReplayStatus(), nil
}

// scrapeGroups are the static targets of the scrape jobs.
func scrapeGroups(jobs []*config.ScrapeConfig) map[string][]*targetgroup.Group {
	groups := map[string][]*targetgroup.Group{}
	for _, job := range jobs {
		groups[job.JobName] = static(job.ServiceDiscoveryConfigs)
	}
	return groups
}

func alertmanagerGroups(cfg *config.Config) map[string][]*targetgroup.Group {
	groups := map[string][]*targetgroup.Group{}
	for key, am := range cfg.AlertingConfig.AlertmanagerConfigs.ToMap() {
		groups[key] = static(am.ServiceDiscoveryConfigs)
	}
	return groups
}

func static(configs discovery.Configs) []*targetgroup.Group {
	groups := []*targetgroup.Group{}
	for _, c := range configs {
		if fixed, ok := c.(discovery.StaticConfig); ok {
			groups = append(groups, fixed...)
		}
	}
	return groups
}

// version is that of the Prometheus module that is compiled in.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, module := range info.Deps {
		if module.Path == "github.com/prometheus/prometheus" {
			return module.Version
		}
	}
	return "unknown"
}
