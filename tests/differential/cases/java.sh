# needs: java
# all
# Interpreter only and one collector thread: fewer calls that depend on timing.
prepare() { :; }
run() { exec java -Xint -XX:+UseSerialGC -Xshare:auto -XX:TieredStopAtLevel=0 -version; }
"$@"
