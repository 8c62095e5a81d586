package dispatcher

import (
	"context"
	"errors"
	"net/url"
	"path/filepath"

	"lifeline120/internal/link"
	"lifeline120/internal/mqttlink"
)

// openBroker starts the embedded broker, or names a city's own. address is where vehicles connect, for people to read; done ends what
// was started.
func openBroker(_ context.Context, cfg Config) (d link.Dialer, address string, done func(), err error) {
	if cfg.BrokerURL != "" {
		u, err := url.Parse(cfg.BrokerURL)
		if err != nil || u.Host == "" || u.Scheme != "tcp" && u.Scheme != "ssl" {
			return nil, "", nil, wrong("the broker %q is no address: give --broker as tcp://host:1883 or ssl://host:8883", cfg.BrokerURL)
		}
		user, pass := "", ""
		if u.User != nil {
			user = u.User.Username()
			pass, _ = u.User.Password()
		}
		at := u.Scheme + "://" + u.Host
		return mqttlink.NewDialer(mqttlink.Config{URL: at, User: user, Pass: pass, Log: cfg.Log}), at, func() {}, nil
	}
	b, err := mqttlink.StartBroker(mqttlink.BrokerConfig{Addr: cfg.MQTTListen, StoreDir: filepath.Join(cfg.Data, "broker"), Log: cfg.Log})
	switch {
	case errors.Is(err, mqttlink.ErrListen):
		return nil, "", nil, wrong("%w; choose another address with --mqtt-listen, or an outside broker with --broker", err)
	case errors.Is(err, mqttlink.ErrStorage):
		return nil, "", nil, wrong("%w; make it a folder that the dispatcher can write, or delete it while the dispatcher is stopped: nothing is kept there alone", err)
	case err != nil:
		return nil, "", nil, err
	}
	return mqttlink.NewDialer(mqttlink.Config{URL: b.URL(), Log: cfg.Log}), b.URL(), func() {
		if err := b.Close(); err != nil {
			cfg.Log.Warn("close the broker", "err", err)
		}
	}, nil
}
