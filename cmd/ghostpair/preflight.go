package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"github.com/ghostpair/ghostpair/config"
	"github.com/ghostpair/ghostpair/diagnosis"
	"github.com/ghostpair/ghostpair/survey"
)

const preflightHelp = `Asks, before client addresses are preserved on a network load balancer that points at the cluster: whose
connections would be dropped? A connection that is sent back to the node that it came from is lost in
silence. Where pods are comes from kube-state-metrics; what Prometheus cannot know, from flags or from
what the AWS command line prints:

    aws elbv2 describe-target-group-attributes --target-group-arn ARN --output json > attributes.json
    aws elbv2 describe-target-groups --target-group-arns ARN --output json > group.json
    ghostpair preflight --service=shop/gateway --target-group.file=group.json --attributes.file=attributes.json

The answer is yes (it is safe), no, or cannot-tell, with its reasons. With --fail-on=hairpin the exit
code is 3 when it is no; with --fail-on=unknown also when it cannot be told.`

// preflightFlags are the flags of the command.
type preflightFlags struct {
	from                      connection
	at                        string
	service, targets          string
	clients                   []string
	groupFile, attributesFile string
	groupName                 string
	targetType, protocol      string
	policy                    string
	healthProtocol            string
	healthPort                string
	preserve, proxyProtocol   string
	crossZone, sticky         string
	output, failOn            string
}

// preflightCommand asks who could be hairpinned.
func preflightCommand(app *kingpin.Application) (string, func(std) error) {
	f := new(preflightFlags)
	cmd := app.Command("preflight", "Before preserve_client_ip is turned on: who could be hairpinned.").HelpLong(preflightHelp)
	f.from.flags(cmd)
	cmd.Flag("at", "When to look: an instant such as 2026-11-01T00:00:00Z, or -1d. (default: now)").PlaceHolder("INSTANT").StringVar(&f.at)
	cmd.Flag("service", "Service behind the load balancer. (default: the only one of type LoadBalancer)").PlaceHolder("NAMESPACE/NAME").StringVar(&f.service)
	cmd.Flag("targets", "Target pods, in place of a Service; both parts are regular expressions.").PlaceHolder("NAMESPACE/POD").StringVar(&f.targets)
	cmd.Flag("clients", "Pods that connect to the load balancer, as regular expressions. Repeatable. (default: every pod)").PlaceHolder("NAMESPACE/POD").StringsVar(&f.clients)
	cmd.Flag("target-group.file", "What `aws elbv2 describe-target-groups` prints: target type, protocol, health checks.").PlaceHolder("FILE").StringVar(&f.groupFile)
	cmd.Flag("attributes.file", "What `aws elbv2 describe-target-group-attributes` prints.").PlaceHolder("FILE").StringVar(&f.attributesFile)
	cmd.Flag("target-group", "Name of the target group: in the file, and in the metrics of the load balancer.").PlaceHolder("NAME").StringVar(&f.groupName)
	cmd.Flag("target-type", "instance or ip.").EnumVar(&f.targetType, diagnosis.TargetInstance, diagnosis.TargetIP)
	cmd.Flag("protocol", "Protocol of the target group, such as TCP.").StringVar(&f.protocol)
	cmd.Flag("external-traffic-policy", "Local or Cluster. (default: what kube-state-metrics says of the Service)").EnumVar(&f.policy, diagnosis.PolicyLocal, diagnosis.PolicyCluster)
	cmd.Flag("health-check.protocol", "TCP, HTTP or HTTPS.").EnumVar(&f.healthProtocol, "TCP", "HTTP", "HTTPS")
	cmd.Flag("health-check.port", "traffic-port, or a number.").StringVar(&f.healthPort)
	cmd.Flag("preserve-client-ip", "on or off, as it stands.").EnumVar(&f.preserve, "on", "off")
	cmd.Flag("proxy-protocol", "on or off, as it stands.").EnumVar(&f.proxyProtocol, "on", "off")
	cmd.Flag("cross-zone", "on or off: whether targets of all zones are eligible.").EnumVar(&f.crossZone, "on", "off")
	cmd.Flag("sticky", "on or off: stickiness by source address.").EnumVar(&f.sticky, "on", "off")
	cmd.Flag("output", "text or json.").Short('o').Default("text").EnumVar(&f.output, "text", "json")
	cmd.Flag("fail-on", "Exit with 3 when connections would be dropped (hairpin), or also when that cannot be told (unknown).").EnumVar(&f.failOn, "hairpin", "unknown")
	return cmd.FullCommand(), f.run
}

func (f *preflightFlags) run(s std) error {
	c, err := f.from.load()
	if err != nil {
		return usageError(err)
	}
	options, err := f.options(c, time.Now())
	if err != nil {
		return usageError(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	server, err := answering(ctx, c, slog.New(slog.DiscardHandler)) // what it would log is among the problems
	if err != nil {
		return usageError(err)
	}
	options.Querier = surveyed{Server: server}
	if err := f.choose(ctx, &options); err != nil {
		return interruptedOr(ctx, err)
	}
	placement, err := survey.Preflight(ctx, options)
	if err != nil {
		return interruptedOr(ctx, err)
	}
	if err := f.write(s.out, c, options, placement); err != nil {
		return err
	}
	safe := placement.Result.Safe
	if f.failOn != "" && safe == diagnosis.No || f.failOn == "unknown" && safe == diagnosis.Unknown {
		return &exit{code: exitFound}
	}
	return nil
}

func interruptedOr(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	return err
}

// options reads flags and files, and says all that is wrong with them. It sends nothing.
func (f *preflightFlags) options(c *config.Config, now time.Time) (survey.PreflightOptions, error) {
	o := survey.PreflightOptions{
		At: now, Service: f.service, Targets: f.targets, Clients: f.clients, GroupName: f.groupName, Known: f.known(),
	}
	var problems []error
	var err error
	if f.at != "" {
		if o.At, err = parseInstant(f.at, now); err != nil {
			problems = append(problems, fmt.Errorf("--at %w", err))
		}
	}
	if f.service != "" && f.targets != "" {
		problems = append(problems, errors.New("--service and --targets both say where the targets are: leave one out"))
	}
	for _, flag := range append([]string{f.service, f.targets}, f.clients...) {
		if flag != "" && (!strings.Contains(flag, "/") || strings.HasPrefix(flag, "/") || strings.HasSuffix(flag, "/")) {
			problems = append(problems, fmt.Errorf("%q is not NAMESPACE/NAME", flag))
		}
	}
	for _, source := range c.Sources {
		if !source.Timing() {
			o.LoadBalancers = source.Selector
		}
	}
	o.Group, err = f.group()
	return o, errors.Join(append(problems, err)...)
}

// group reads the files about the target group.
func (f *preflightFlags) group() (group survey.TargetGroup, err error) {
	if f.groupFile != "" {
		data, err := os.ReadFile(f.groupFile)
		if err == nil {
			group, err = survey.ParseTargetGroup(data, f.groupName)
		}
		if err != nil {
			return group, fmt.Errorf("--target-group.file %s: %w", f.groupFile, err)
		}
	}
	if f.attributesFile == "" {
		return group, nil
	}
	data, err := os.ReadFile(f.attributesFile)
	if err == nil {
		group.Attributes, err = survey.ParseAttributes(data)
	}
	if err != nil {
		return group, fmt.Errorf("--attributes.file %s: %w", f.attributesFile, err)
	}
	return group, nil
}

// known is what the flags say.
func (f *preflightFlags) known() diagnosis.PreflightInput {
	return diagnosis.PreflightInput{
		TargetType: f.targetType, Protocol: f.protocol, ExternalTrafficPolicy: f.policy,
		HealthCheckProtocol: f.healthProtocol, HealthCheckPort: f.healthPort,
		PreserveClientIP: onOff(f.preserve), ProxyProtocolV2: onOff(f.proxyProtocol), CrossZone: onOff(f.crossZone), StickySource: onOff(f.sticky),
	}
}

// onOff reads a flag that may be left out.
func onOff(text string) *bool {
	if text == "" {
		return nil
	}
	on := text == "on"
	return &on
}

// choose takes the only Service of type LoadBalancer where none was named.
func (f *preflightFlags) choose(ctx context.Context, o *survey.PreflightOptions) error {
	if o.Service != "" || o.Targets != "" {
		return nil
	}
	services, err := survey.LoadBalancerServices(ctx, o.Querier, o.At.UnixMilli())
	switch {
	case err != nil:
		return err
	case len(services) == 1:
		o.Service = services[0]
		return nil
	case len(services) == 0:
		return usageError(errors.New("kube-state-metrics knows no Service of type LoadBalancer: name one with --service, or its pods with --targets"))
	}
	return usageError(fmt.Errorf("there are %d Services of type LoadBalancer: name one with --service, of %s", len(services), examples(services)))
}

func (f *preflightFlags) write(w io.Writer, c *config.Config, o survey.PreflightOptions, p *survey.Placement) error {
	if f.output == "json" {
		return writePreflightJSON(w, c, o, p)
	}
	_, err := io.WriteString(w, preflightText(c, o, p, width(w)))
	return err
}
