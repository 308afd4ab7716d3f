# needs: perl
prepare() { :; }
run() {
    exec perl -e 'use strict; use File::Temp qw(tempfile); use POSIX ":sys_wait_h";
    open(my $out, ">", "data") or die; print $out "$_\n" for 1..5000; close $out;
    my $pid = fork // die; if (!$pid) { sleep 0; exit 3 } waitpid $pid, 0; print $? >> 8, "\n";
    local $SIG{ALRM} = sub { print "alarm\n" }; kill "ALRM", $$; print `wc -l <data`; rename "data", "moved"; unlink "none";'
}
"$@"
