namespace CubeFunctions.Local.Commands;

/// <summary>Ctrl-C came; the message says what goes on.</summary>
internal sealed class StoppedException(string message) : OperationCanceledException(message);
