import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/** What the Java clients share: steps, and the faults that are known. */
final class Steps {
    interface Action {
        void run() throws Exception;
    }

    private record Fault(String when, String reason) {
    }

    private final String client;
    private final Map<String, Fault> faults = new HashMap<>();
    private int passed;
    private int failed;

    /** Reads the known faults of a client from the file that the property names. */
    Steps(String client) throws IOException {
        this.client = client;
        for (String line : Files.readAllLines(Path.of(System.getProperty("interop.faults")))) {
            String[] parts = line.split("\\|", 4);
            if (!line.startsWith("#") && parts.length == 4 && parts[0].trim().equals(client)) {
                faults.put(parts[1].trim(), new Fault(parts[2].trim(), parts[3].trim()));
            }
        }
    }

    /** Runs one step and prints a line. An exception in it is its deviation. */
    void step(String name, Action action) {
        try {
            action.run();
        } catch (Exception | AssertionError e) {
            deviates(name, e.getCause() == null ? e.toString() : e + ", because of " + e.getCause());
            return;
        }
        passes(name);
    }

    private void passes(String name) {
        Fault fault = faults.get(name);
        if (fault != null && fault.when.equals("always")) {
            failed++;
            System.out.println("FAIL  " + name + ": passes; take it out of known-faults.txt");
            return;
        }
        passed++;
        System.out.println("ok    " + name);
    }

    private void deviates(String name, String what) {
        what = what.replaceAll("\\s+", " ");
        Fault fault = faults.get(name);
        if (fault != null) {
            passed++;
            System.out.println("known " + name + ": " + fault.reason + " (" + what + ")");
            return;
        }
        failed++;
        System.out.println("FAIL  " + name + ": " + what);
    }

    /** Prints the sum and ends the program, with status 1 if a step deviated. */
    void end() {
        System.out.println(client + ": " + passed + " passed, " + failed + " failed");
        System.exit(failed > 0 || passed == 0 ? 1 : 0);
    }

    static void expect(Object got, Object want) {
        if (!Objects.equals(got, want)) {
            throw new AssertionError("got " + got + ", want " + want);
        }
    }
}
