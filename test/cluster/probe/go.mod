module vibecode.local/test/probe

go 1.26.0
