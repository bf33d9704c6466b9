module vibecode.local/test/grafana

go 1.26.0
